#include "kubelet/work/operations/terminator.h"

#include <fmt/format.h>

#include <algorithm>

namespace mizzen::kubelet {

Terminator::Terminator(NodeWorld& world, std::shared_ptr<Executor> lane, std::shared_ptr<const Pod> pod,
                       int64_t grace_s, Done done)
    : Operation(world, std::move(lane)), pod_(std::move(pod)), grace_s_(grace_s), done_(std::move(done)) {}

std::shared_ptr<Terminator> Terminator::begin(NodeWorld& world, std::shared_ptr<Executor> lane,
                                              std::shared_ptr<const Pod> pod, const RuntimePod& state,
                                              int64_t grace_s, Done done) {
  std::shared_ptr<Terminator> out(
      new Terminator(world, std::move(lane), std::move(pod), grace_s, std::move(done)));
  out->start(state);
  return out;
}

void Terminator::start(const RuntimePod& state) {
  for (const auto& sandbox : state.sandboxes) sandboxes_.push_back(sandbox.id);
  for (const auto& record : state.containers) {
    if (record.state != ContainerRecord::State::Running && record.state != ContainerRecord::State::Unknown)
      continue;
    if (open_.contains(record.name)) continue;  // the newest counts
    open_[record.name] = StopContainer::begin(
        world_, lane_,
        {.pod = pod_, .record = record, .message = "", .grace_s = grace_s_, .waits_for_turn = true},
        told_to(shared_from_this(),
                [this, name = record.name](const Result<void>& result) { container_stopped(name, result); }));
  }
  if (open_.empty()) return stop_sandboxes();
  give_turns();
}

void Terminator::give_turns() {
  std::vector<std::shared_ptr<StopContainer>> free;
  for (const auto& [name, stop] : open_) {
    const bool waits = std::any_of(open_.begin(), open_.end(), [&, &name = name](const auto& other) {
      return stops_before(*pod_, other.first, name);
    });
    if (!waits) free.push_back(stop);
  }
  for (const auto& stop : free) stop->your_turn();
}

void Terminator::cancel_parts() {
  for (const auto& [name, stop] : std::map(open_)) stop->cancel();
}

void Terminator::shorten(int64_t grace_s) {
  grace_s_ = std::min(grace_s_, grace_s);
  for (const auto& [name, stop] : open_) stop->shorten(grace_s);
}

void Terminator::container_stopped(const std::string& name, const Result<void>& result) {
  if (!result.ok() && first_.ok()) first_ = result;
  open_.erase(name);
  if (open_.empty()) return stop_sandboxes();
  give_turns();
}

void Terminator::stop_sandboxes() {
  sandboxes_open_ = sandboxes_.size();
  // Told as from elsewhere: whoever begins this is told after it knows of it.
  if (sandboxes_.empty()) return on_lane([this](int) { finish(); })(0);
  for (const auto& id : sandboxes_) {
    cri::v1::StopPodSandboxRequest request;
    request.pod_sandbox_id = id;
    call<&cri::Runtime::stop_pod_sandbox>(request, kRuntimeTimeout,
                                          [this, id](const auto& answer) { sandbox_stopped(id, answer); });
  }
}

void Terminator::sandbox_stopped(const std::string& id,
                                 const Result<cri::v1::StopPodSandboxResponse>& answer) {
  if (!answer.ok() && answer.error().code() != Code::NotFound && first_.ok()) first_ = answer.error();
  const auto& meta = pod_->metadata;
  world_.cache.look_at_sandbox(id, {meta.uid, meta.namespace_, meta.name},
                               on_lane([this](const Result<void>& seen) { sandbox_seen(seen); }));
}

void Terminator::sandbox_seen(const Result<void>& result) {
  if (!result.ok() && first_.ok()) first_ = result;
  if (--sandboxes_open_ == 0) finish();
}

void Terminator::finish() {
  if (!first_.ok()) {
    world_.events.pod_event(*pod_, "", true, "FailedKillPod",
                            fmt::format("error killing pod: {}", first_.error().message()));
  }
  done_(first_);
}

}  // namespace mizzen::kubelet
