#include "kubelet/work/operations/reset_containers.h"

namespace mizzen::kubelet {

ResetContainers::ResetContainers(NodeWorld& world, std::shared_ptr<Executor> lane,
                                 std::shared_ptr<const Pod> pod, Done done)
    : Operation(world, std::move(lane)), pod_(std::move(pod)), done_(std::move(done)) {}

std::shared_ptr<ResetContainers> ResetContainers::begin(NodeWorld& world, std::shared_ptr<Executor> lane,
                                                        std::shared_ptr<const Pod> pod,
                                                        const RuntimePod& state,
                                                        const std::vector<ContainerReset>& resets,
                                                        Done done) {
  std::shared_ptr<ResetContainers> out(
      new ResetContainers(world, std::move(lane), std::move(pod), std::move(done)));
  for (const auto& reset : resets)
    for (const auto& record : state.containers)
      if (record.id == reset.id) out->left_.emplace_back(record, reset.running);
  out->on_lane([self = out.get()](int) { self->next(); })(0);
  return out;
}

void ResetContainers::cancel_parts() {
  if (const auto stopping = stopping_) stopping->cancel();
}

void ResetContainers::next() {
  if (left_.empty()) return done_({});
  const auto [record, running] = left_.front();
  left_.pop_front();
  if (!running) return remove(record.id);
  stopping_ =
      StopContainer::begin(world_, lane_, {.pod = pod_, .record = record, .message = "", .grace_s = 0},
                           told_to(shared_from_this(), [this, id = record.id](const Result<void>& stopped) {
                             stopping_ = nullptr;
                             if (!stopped.ok()) return done_(stopped);
                             remove(id);
                           }));
}

void ResetContainers::remove(const std::string& id) {
  cri::v1::RemoveContainerRequest request;  // its log stays: the numbers of the next ones go on from it
  request.container_id = id;
  call<&cri::Runtime::remove_container>(request, kRuntimeTimeout, [this, id](const auto& answer) {
    if (!answer.ok() && answer.error().code() != Code::NotFound) return done_(answer.error());
    world_.cache.forget(id);
    next();
  });
}

}  // namespace mizzen::kubelet
