// What is told of a pod.
#include <algorithm>

#include "kubelet/logs/termination_message.h"
#include "kubelet/work/pod_work.h"

namespace mizzen::kubelet {
namespace {

/// Ids of containers that were published as ready.
std::set<std::string> ready_before(const PodStatus& status) {
  std::set<std::string> out;
  for (const auto* list : {&status.containerStatuses, &status.initContainerStatuses}) {
    for (const auto& c : *list) {
      const auto at = c.containerID.find("://");
      if (c.ready && at != std::string::npos) out.insert(c.containerID.substr(at + 3));
    }
  }
  return out;
}

}  // namespace

PodStatus PodWork::published() const {
  const auto last = world_.statuses.last(pod_->metadata.uid);
  return last ? *last : pod_->status;
}

/// What counts as running: not what is still being started, whose postStart hook has not ended.
RuntimePod PodWork::shown(const RuntimePod& state) const {
  RuntimePod out = state;
  for (const auto& [name, start] : starting_)
    std::erase_if(out.containers, [&, &start = start](const auto& c) { return c.id == start->id(); });
  return out;
}

/// Read once: a container that has ended says no more.
std::map<std::string, std::string> PodWork::termination_messages(const RuntimePod& state) {
  std::map<std::string, std::string> out;
  const size_t share =
      kTerminationMessagesOfPodBytesMax / std::max<size_t>(1, api::containers_of(pod_->spec).size());
  for (const auto& record : state.containers) {
    if (record.state != ContainerRecord::State::Exited) continue;
    const auto known = messages_.find(record.id);
    out[record.id] = known != messages_.end() ? known->second : termination_message(record, share);
  }
  messages_ = out;
  std::erase_if(out, [](const auto& m) { return m.second.empty(); });
  return out;
}

PodStatus PodWork::make_status(const RuntimePod& all, bool terminating) {
  const RuntimePod state = terminating ? all : shown(all);
  const PodStatus old = published();
  const auto ips = world_.host_ips();
  std::string ip;
  if (pod_->spec.hostNetwork) {
    ip = ips.empty() ? "" : ips.front();
  } else if (!state.sandboxes.empty() && !state.sandboxes.front().ips.empty()) {
    ip = state.sandboxes.front().ips.front();
  }
  world_.probes.update(pod_, state, ip, ready_before(old));
  const auto messages = termination_messages(state);
  const auto ready = world_.probes.ready_ids(*pod_, state);
  const auto started = world_.probes.verdicts(*pod_, state).started;
  return build_status({.pod = *pod_,
                       .old = old,
                       .state = state,
                       .failures = failures_,
                       .termination_messages = messages,
                       .ready_ids = ready,
                       .started_ids = started,
                       .runtime_name = world_.options.runtime_name,
                       .host_ips = ips,
                       .recursive_read_only = world_.abilities().recursive_read_only,
                       .now = world_.clock.wall(),
                       .terminating = terminating});
}

void PodWork::publish(PodStatus status, const RuntimePod& state) {
  if (gone_) return;  // nobody is left to be told
  const PodStatus old = published();
  // The end is told once, with its reason, when nothing runs any more (finish_end).
  const bool too_early = state.any_running() || stage_ == Stage::Ending;
  if (too_early && is_terminal(status.phase) && !is_terminal(old.phase)) {
    status.phase = old.phase;
    status.reason = old.reason;
    status.message = old.message;
  }
  world_.statuses.set(pod_, std::move(status));
}

}  // namespace mizzen::kubelet
