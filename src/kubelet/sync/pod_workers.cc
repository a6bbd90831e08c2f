#include "kubelet/sync/pod_workers.h"

#include <fmt/format.h>

#include <algorithm>

#include "kubelet/logs/termination_message.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;
constexpr std::string_view kLog = "kubelet";

bool finished_phase(const Pod& pod) { return is_terminal(pod.status.phase); }

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

Duration PodWorkers::spread(Duration d) {
  return d + Duration(static_cast<int64_t>(static_cast<double>(d.count()) * 0.5 * deps_.random.unit()));
}

bool PodWorkers::reject(const std::shared_ptr<const Pod>& pod) {
  PodStatus status = pod->status;
  status.phase = "Failed";
  status.reason = "OutOfpods";
  const auto text = fmt::format(
      "Node didn't have enough resource: pods, requested: 1, used: {0}, capacity: {0}", options_.pods_max);
  status.message = "Pod was rejected: " + text;
  deps_.events.pod_event(*pod, "", true, "OutOfpods", text);
  deps_.statuses.set(pod, std::move(status));
  return true;
}

void PodWorkers::upsert(const std::shared_ptr<const Pod>& pod) {
  const std::string uid = pod->metadata.uid;
  bool refused = false;
  RuntimePod hurry_state;
  int64_t hurry_grace = -1;
  {
    Lock lock(m_);
    if (stopping_) return;
    const bool fresh = !entries_.contains(uid);
    if (fresh && !finished_phase(*pod) && !pod->metadata.deletionTimestamp) {
      const auto active = std::count_if(entries_.begin(), entries_.end(), [](const auto& e) {
        return e.second.stage == Stage::Running && !e.second.rejected;
      });
      refused = static_cast<size_t>(active) >= options_.pods_max;
    }
    Entry& entry = entries_[uid];
    entry.pod = pod;
    if (refused) {
      entry.rejected = true;
      entry.stage = Stage::Finished;
    }
    if (pod->metadata.deletionTimestamp) {
      const int64_t grace = grace_seconds(*pod);
      if (entry.stage == Stage::Terminating && entry.working && grace < entry.grace_s) hurry_grace = grace;
      entry.grace_s = entry.grace_s == 0 ? grace : std::min(entry.grace_s, grace);
    }
  }
  if (refused) reject(pod);
  if (hurry_grace >= 0) {
    auto state = read_runtime_pod(deps_.runtime, deps_.clock, uid);
    if (state.ok()) deps_.runner.hurry(*state, hurry_grace);
  }
  kick(uid);
}

void PodWorkers::gone(const std::string& uid) {
  {
    Lock lock(m_);
    const auto found = entries_.find(uid);
    if (found == entries_.end()) return;
    found->second.gone = true;
    if (found->second.grace_s == 0) found->second.grace_s = 1;
  }
  kick(uid);
}

void PodWorkers::kick(const std::string& uid) {
  {
    Lock lock(m_);
    const auto found = entries_.find(uid);
    if (found == entries_.end() || stopping_) return;
    if (found->second.working) {
      found->second.again = true;
      return;
    }
  }
  start(uid);
}

void PodWorkers::start(const std::string& uid) {
  {
    Lock lock(m_);
    const auto found = entries_.find(uid);
    if (found == entries_.end() || found->second.working || stopping_) return;
    found->second.working = true;
    found->second.again = false;
    ++working_;
  }
  if (deps_.executor.post([this, uid] { work(uid); })) return;
  Lock lock(m_);
  --working_;
  if (auto found = entries_.find(uid); found != entries_.end()) {
    found->second.working = false;
    found->second.due = deps_.clock.monotonic() + seconds(1);  // the queue is full: tick() tries again
  }
}

Monotonic PodWorkers::tick() {
  const auto now = deps_.clock.monotonic();
  std::vector<std::string> due;
  Monotonic next = Monotonic::max();
  {
    Lock lock(m_);
    for (auto& [uid, entry] : entries_) {
      if (entry.working) continue;
      if (entry.due <= now) {
        due.push_back(uid);
      } else {
        next = std::min(next, entry.due);
      }
    }
  }
  for (const auto& uid : due) start(uid);
  return next;
}

void PodWorkers::work(const std::string& uid) {
  Step s;
  {
    Lock lock(m_);
    const Entry& entry = entries_[uid];
    s = {entry.pod, entry.stage, entry.gone, entry.grace_s, entry.failures};
  }
  const Outcome outcome = step(s);
  bool again = false;
  {
    Lock lock(m_);
    --working_;
    Entry& entry = entries_[uid];
    entry.working = false;
    entry.failures = std::move(s.failures);
    if (static_cast<int>(outcome.stage) > static_cast<int>(entry.stage)) entry.stage = outcome.stage;
    if (entry.stage != Stage::Running && entry.grace_s == 0) entry.grace_s = s.grace_s;
    entry.due =
        outcome.again_in == Duration::max() ? Monotonic::max() : deps_.clock.monotonic() + outcome.again_in;
    again = entry.again && !stopping_;
    if (outcome.forget && !again) {
      entries_.erase(uid);
    }
    if (working_ == 0) idle_.notify_all();
  }
  if (again) {
    start(uid);
  } else if (deps_.wake) {
    deps_.wake();
  }
}

PodWorkers::Outcome PodWorkers::step(Step& s) {
  if (s.stage == Stage::Finished && !s.gone && !s.pod->metadata.deletionTimestamp)
    return {Stage::Finished, Duration::max()};
  if (s.stage == Stage::Finished) return finished(s);
  auto state = read_runtime_pod(deps_.runtime, deps_.clock, s.pod->metadata.uid);
  if (!state.ok()) {
    log::warn(kLog, "Cannot read pod from runtime",
              {log::kv("pod", pod_text(*s.pod)), log::kv("error", state.error().message())});
    deps_.events.pod_event(*s.pod, "", true, "FailedSync",
                           fmt::format("error determining status: {}", state.error().message()));
    return {s.stage, spread(options_.retry_network)};
  }
  const bool ends = s.stage == Stage::Terminating || s.gone || s.pod->metadata.deletionTimestamp ||
                    is_terminal(published(*s.pod).phase);
  return ends ? terminate(s, std::move(*state)) : sync(s, *state);
}

PodStatus PodWorkers::published(const Pod& pod) const {
  const auto last = deps_.statuses.last(pod.metadata.uid);
  return last ? *last : pod.status;
}

std::string PodWorkers::pod_ip(const Pod& pod, const RuntimePod& state) const {
  if (pod.spec.hostNetwork) return options_.host_ips.empty() ? "" : options_.host_ips.front();
  return state.sandboxes.empty() || state.sandboxes.front().ips.empty() ? ""
                                                                        : state.sandboxes.front().ips.front();
}

PodStatus PodWorkers::make_status(const Step& s, const RuntimePod& state, bool terminating) {
  const PodStatus old = published(*s.pod);
  deps_.probes.update(s.pod, state, pod_ip(*s.pod, state), ready_before(old));
  std::map<std::string, std::string> messages;
  const size_t share = kTerminationMessagesOfPodBytesMax /
                       std::max<size_t>(1, s.pod->spec.containers.size() + s.pod->spec.initContainers.size());
  for (const auto& record : state.containers) {
    if (record.state != ContainerRecord::State::Exited) continue;
    auto text = termination_message(record, share);
    if (!text.empty()) messages[record.id] = std::move(text);
  }
  const auto ready = deps_.probes.ready_ids(*s.pod, state);
  const auto started = deps_.probes.verdicts(*s.pod, state).started;
  return build_status({.pod = *s.pod,
                       .old = old,
                       .state = state,
                       .failures = s.failures,
                       .termination_messages = messages,
                       .ready_ids = ready,
                       .started_ids = started,
                       .runtime_name = options_.runtime_name,
                       .host_ips = options_.host_ips,
                       .now = deps_.clock.wall(),
                       .terminating = terminating});
}

PodWorkers::Outcome PodWorkers::sync(Step& s, const RuntimePod& state) {
  const Pod& pod = *s.pod;
  PodStatus status = make_status(s, state, false);
  if (pod.spec.activeDeadlineSeconds && status.startTime &&
      deps_.clock.wall() >= status.startTime->wall() + seconds(*pod.spec.activeDeadlineSeconds)) {
    status.phase = "Failed";
    status.reason = "DeadlineExceeded";
    status.message = "Pod was active on the node longer than the specified deadline";
    deps_.events.pod_event(pod, "", false, "DeadlineExceeded", status.message);
  }
  deps_.statuses.set(s.pod, status);
  if (is_terminal(status.phase)) return terminate(s, state);
  const auto problem = deps_.network_problem ? deps_.network_problem() : std::string();
  if (!problem.empty() && !pod.spec.hostNetwork) {
    deps_.events.pod_event(pod, "", true, "NetworkNotReady", "network is not ready: " + problem);
    return {Stage::Running, spread(options_.retry_network)};
  }
  if (const auto ready = deps_.runner.set_up_volumes(pod); !ready.ok())
    return {Stage::Running, spread(seconds(1))};
  const auto actions = compute_pod_actions(pod, state, deps_.probes.verdicts(pod, state));
  const auto done = deps_.runner.apply(pod, state, actions, s.failures);
  auto after = read_runtime_pod(deps_.runtime, deps_.clock, pod.metadata.uid);
  if (!after.ok()) return {Stage::Running, spread(options_.retry_network)};
  const auto now = make_status(s, *after, false);
  deps_.statuses.set(s.pod, now);
  if (!done.ok()) {
    log::warn(kLog, "Error syncing pod, skipping",
              {log::kv("pod", pod_text(pod)), log::kv("error", done.error().message())});
    const bool away = done.error().code() == Code::ServiceUnavailable;  // the runtime itself, soon back
    return {Stage::Running, spread(away ? options_.retry_network : options_.retry)};
  }
  if (!actions.resets.empty() && *done) return {Stage::Running, Duration::zero()};
  if (is_terminal(now.phase)) return {Stage::Running, Duration::zero()};
  Duration again = spread(options_.resync);
  if (!s.failures.empty()) again = spread(options_.retry);
  if (const auto left = deps_.runner.backoff_left(pod, *after); left > Duration::zero())
    again = std::min(again, left);
  // The next init container, or the regular ones, may start as soon as this one is done: the relist tells.
  if (pod.spec.activeDeadlineSeconds && now.startTime) {
    const auto left = now.startTime->wall() + seconds(*pod.spec.activeDeadlineSeconds) - deps_.clock.wall();
    again = std::min(again, std::max<Duration>(left, seconds(1)));
  }
  return {Stage::Running, again};
}

PodWorkers::Outcome PodWorkers::terminate(Step& s, RuntimePod state) {
  const Pod& pod = *s.pod;
  const std::string& uid = pod.metadata.uid;
  if (s.grace_s == 0) s.grace_s = grace_seconds(pod);
  {
    Lock lock(m_);
    Entry& entry = entries_[uid];
    entry.stage = Stage::Terminating;
    entry.grace_s = entry.grace_s == 0 ? s.grace_s : std::min(entry.grace_s, s.grace_s);
    s.grace_s = entry.grace_s;
  }
  const bool was_final = is_terminal(published(pod).phase);
  if (!was_final || state.any_running()) deps_.statuses.set(s.pod, make_status(s, state, true));
  deps_.probes.stop_liveness(uid);
  if (state.any_running() || state.any_sandbox_ready()) {
    const auto stopped = deps_.runner.stop_pod(pod, state, s.grace_s);
    auto after = read_runtime_pod(deps_.runtime, deps_.clock, uid);
    if (!stopped.ok() || !after.ok() || after->any_running()) return {Stage::Terminating, seconds(1)};
    state = std::move(*after);
  }
  deps_.probes.remove(uid);
  if (!was_final) {
    auto last = make_status(s, state, true);
    if (!is_terminal(last.phase) && (pod.metadata.deletionTimestamp || s.gone)) {
      // Taken down before all of its containers ran: what never started did not succeed.
      last.phase = "Failed";
      for (auto& c : last.containerStatuses) c.ready = false;
    }
    deps_.probes.remove(uid);
    deps_.statuses.set(s.pod, std::move(last));
  }
  if (const auto released = deps_.runner.release(pod); !released.ok()) {
    log::warn(kLog, "Cannot give back what the pod had",
              {log::kv("pod", pod_text(pod)), log::kv("error", released.error().message())});
    return {Stage::Terminating, seconds(1)};
  }
  s.stage = Stage::Finished;
  if (s.gone || pod.metadata.deletionTimestamp) return finished(s);
  return {Stage::Finished, Duration::max()};
}

PodWorkers::Outcome PodWorkers::finished(Step& s) {
  if (!s.gone) {
    deps_.statuses.finish(s.pod);
    return {Stage::Finished, options_.retry};  // the source tells when the object is gone
  }
  const auto state = read_runtime_pod(deps_.runtime, deps_.clock, s.pod->metadata.uid);
  const auto removed = state.ok() ? deps_.runner.remove(*state) : state.error();
  if (!removed.ok()) {
    log::warn(kLog, "Cannot remove pod",
              {log::kv("pod", pod_text(*s.pod)), log::kv("error", removed.error().message())});
    return {Stage::Finished, seconds(1)};
  }
  const auto released = deps_.runner.release(*s.pod);
  if (!released.ok()) return {Stage::Finished, seconds(1)};
  deps_.statuses.forget(s.pod->metadata.uid);
  return {Stage::Finished, Duration::max(), true};
}

bool PodWorkers::knows(const std::string& uid) const {
  Lock lock(m_);
  return entries_.contains(uid);
}

std::vector<std::shared_ptr<const Pod>> PodWorkers::pods() const {
  std::vector<std::shared_ptr<const Pod>> out;
  {
    Lock lock(m_);
    for (const auto& [uid, entry] : entries_) out.push_back(entry.pod);
  }
  for (auto& pod : out) {
    if (const auto status = deps_.statuses.last(pod->metadata.uid)) {
      auto copy = std::make_shared<Pod>(*pod);
      copy->status = *status;
      pod = std::move(copy);
    }
  }
  return out;
}

std::shared_ptr<const Pod> PodWorkers::find(const std::string& namespace_, const std::string& name) const {
  std::shared_ptr<const Pod> found;
  {
    Lock lock(m_);
    for (const auto& [uid, entry] : entries_) {
      if (entry.pod->metadata.name == name && entry.pod->metadata.namespace_ == namespace_ && !entry.gone)
        found = entry.pod;
    }
  }
  if (!found) return nullptr;
  const auto status = deps_.statuses.last(found->metadata.uid);
  if (!status) return found;
  auto copy = std::make_shared<Pod>(*found);
  copy->status = *status;
  return copy;
}

void PodWorkers::stop() {
  Lock lock(m_);
  stopping_ = true;
  while (working_ > 0) idle_.wait(m_);
}

}  // namespace mizzen::kubelet
