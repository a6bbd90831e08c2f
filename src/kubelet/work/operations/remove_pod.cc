#include "kubelet/work/operations/remove_pod.h"

#include "kubelet/config/cri_config.h"
#include "linux/files/file.h"

namespace mizzen::kubelet {
namespace {

template <typename T>
Result<void> done_or_gone(const Result<T>& answer) {
  return answer.ok() || answer.error().code() == Code::NotFound ? Result<void>() : answer.error();
}

}  // namespace

RemovePod::RemovePod(NodeWorld& world, std::shared_ptr<Executor> lane, RuntimePod state, Done done)
    : Operation(world, std::move(lane)), state_(std::move(state)), done_(std::move(done)) {}

std::shared_ptr<RemovePod> RemovePod::begin(NodeWorld& world, std::shared_ptr<Executor> lane,
                                            RuntimePod state, Done done) {
  std::shared_ptr<RemovePod> out(new RemovePod(world, std::move(lane), std::move(state), std::move(done)));
  out->start();
  return out;
}

void RemovePod::start() {
  open_ = state_.sandboxes.size();
  if (open_ == 0) return on_lane([this](int) { finish(); })(0);
  // One that died by itself still has its network. What has none any more was stopped: to stop it again would
  // have the network's programs run again, for nothing.
  for (const auto& sandbox : state_.sandboxes) {
    if (holds_anything(sandbox)) {
      stop(sandbox.id);
    } else {
      remove(sandbox.id);
    }
  }
}

void RemovePod::stop(const std::string& id) {
  cri::v1::StopPodSandboxRequest request;
  request.pod_sandbox_id = id;
  call<&cri::Runtime::stop_pod_sandbox>(request, kRuntimeTimeout, [this, id](const auto& answer) {
    const auto stopped = done_or_gone(answer);
    if (!stopped.ok()) return removed(id, stopped);
    remove(id);
  });
}

void RemovePod::remove(const std::string& id) {
  cri::v1::RemovePodSandboxRequest request;
  request.pod_sandbox_id = id;
  call<&cri::Runtime::remove_pod_sandbox>(
      request, kRuntimeTimeout, [this, id](const auto& answer) { removed(id, done_or_gone(answer)); });
}

void RemovePod::removed(const std::string& id, const Result<void>& result) {
  if (result.ok()) {
    world_.cache.forget(id);
    for (const auto& c : state_.containers)
      if (c.sandbox_id == id) world_.cache.forget(c.id);
  } else if (first_.ok()) {
    first_ = result;
  }
  if (--open_ == 0) finish();
}

void RemovePod::finish() {
  if (first_.ok() && !state_.name.empty())
    first_ = linux::remove_all(
        pod_log_folder(world_.options.logs_folder, state_.namespace_, state_.name, state_.uid));
  done_(first_);
}

}  // namespace mizzen::kubelet
