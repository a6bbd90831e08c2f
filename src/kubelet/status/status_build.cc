#include "kubelet/status/status_build.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "client/node/conditions.h"
#include "kubelet/state/security_facts.h"

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;
using State = ContainerRecord::State;

constexpr int32_t kLostExitCode = 137;
constexpr const char* kLostReason = "ContainerStatusUnknown";
constexpr const char* kAllRestarting = "AllContainersRestarting";
constexpr const char* kRestartingAll = "RestartingAllContainers";
constexpr const char* kRemovedForAll = "The container is removed because RestartAllContainers in place";

bool restarting_all(const StatusInput& in) {
  return restart_all_asked(in.pod, in.state) ||
         std::any_of(in.old.conditions.begin(), in.old.conditions.end(),
                     [](const auto& c) { return c.type == kAllRestarting && c.status == "True"; });
}

const v1::ContainerStatus* find_status(const std::vector<v1::ContainerStatus>& list,
                                       const std::string& name) {
  for (const auto& s : list) {
    if (s.name == name) return &s;
  }
  return nullptr;
}

v1::ContainerState state_of(const ContainerRecord& c, const StatusInput& in) {
  v1::ContainerState out;
  switch (c.state) {
    case State::Running:
      out.running.ensure().startedAt = c.started;
      break;
    case State::Exited: {
      auto& t = out.terminated.ensure();
      t.exitCode = c.exit_code;
      t.reason = c.reason;
      t.message = c.message;
      const auto message = in.termination_messages.find(c.id);
      if (message != in.termination_messages.end()) t.message = message->second;
      t.startedAt = c.started;
      t.finishedAt = c.finished;
      t.containerID = fmt::format("{}://{}", in.runtime_name, c.id);
      break;
    }
    default:
      out.waiting.ensure();
      break;
  }
  return out;
}

v1::ContainerState lost(std::string_view when) {
  v1::ContainerState out;
  auto& t = out.terminated.ensure();
  t.exitCode = kLostExitCode;
  t.reason = kLostReason;
  t.message = fmt::format("The container could not be located when the pod was {}.{}", when,
                          when == "deleted" ? "  The container used to be Running" : "");
  return out;
}

/// The status of a container the runtime knows nothing of.
v1::ContainerStatus absent_status(const Container& c, const v1::ContainerStatus* old, const StatusInput& in) {
  v1::ContainerStatus out;
  out.name = c.name;
  out.image = c.image;
  out.state.waiting.ensure().reason =
      in.pod.spec.initContainers.empty() ? "ContainerCreating" : "PodInitializing";
  if (!old) return out;
  // It ran until now: what only waits to run was counted before.
  const bool ran = !old->state.waiting || old->state.waiting->reason == "CrashLoopBackOff";
  if (restarting_all(in) && ran) {
    out.state.waiting->reason = kRestartingAll;
    out.state.waiting->message = kRemovedForAll;
    auto& last = out.lastState.terminated.ensure();
    last.reason = kRestartingAll;
    last.message = kRemovedForAll;
    last.exitCode = kLostExitCode;
    out.restartCount = old->restartCount + 1;
    return out;
  }
  if (old->state.terminated) return *old;
  out.restartCount = old->restartCount;
  out.lastState = old->lastState;
  if (old->state.running && !out.lastState.terminated) {
    out.lastState = lost("deleted");
    if (!in.pod.metadata.deletionTimestamp) ++out.restartCount;
  }
  return out;
}

void add_mounts(v1::ContainerStatus& out, const Container& c, bool recursive_possible) {
  out.volumeMounts.clear();
  for (const auto& mount : c.volumeMounts) {
    auto& m = out.volumeMounts.emplace_back();
    m.name = mount.name;
    m.mountPath = mount.mountPath;
    m.readOnly = mount.readOnly;
    if (!mount.readOnly) continue;
    const auto recursive = is_recursively_read_only(mount, recursive_possible);
    m.recursiveReadOnly = recursive.ok() && *recursive ? "Enabled" : "Disabled";
  }
}

v1::ContainerStatus present_status(const Container& c, const v1::ContainerStatus* old,
                                   const StatusInput& in) {
  v1::ContainerStatus out;
  out.name = c.name;
  const ContainerRecord* second = nullptr;
  const ContainerRecord* newest = nullptr;
  for (const auto& record : in.state.containers) {
    if (record.name != c.name) continue;
    if (!newest) {
      newest = &record;
    } else if (!second) {
      second = &record;
    }
  }
  out.state = state_of(*newest, in);
  out.image = newest->image.empty() ? c.image : newest->image;
  out.imageID = newest->image_id;
  out.containerID = fmt::format("{}://{}", in.runtime_name, newest->id);
  out.restartCount = newest->restart_count;
  if (newest->state == State::Unknown && old && old->state.running) {
    out.state = lost("terminated");
    ++out.restartCount;
  }
  if (second) {
    out.lastState = state_of(*second, in);
    if (!out.lastState.terminated) out.lastState = {};
  } else if (old && old->containerID != out.containerID && old->state.terminated) {
    out.lastState.terminated = old->state.terminated;
  } else if (old) {
    out.lastState = old->lastState;
  }
  if (old) out.restartCount = std::max(out.restartCount, old->restartCount);
  out.allocatedResources = c.resources.requests;
  if (!c.resources.limits.empty() || !c.resources.requests.empty()) {
    out.resources.ensure().limits = c.resources.limits;
    out.resources->requests = c.resources.requests;
  }
  return out;
}

void apply_failure(v1::ContainerStatus& out, const Container& c, api::ContainerSort sort,
                   const StatusInput& in) {
  const auto failure = in.failures.find(c.name);
  if (failure == in.failures.end()) return;
  const auto* newest = in.state.newest(c.name);
  if (newest && newest->state == State::Running) return;
  if (newest && sort == api::ContainerSort::Ephemeral) return;  // it had its run
  if (!should_restart(in.pod, c, newest)) return;
  if (out.state.terminated) out.lastState = out.state;
  v1::ContainerState waiting;
  waiting.waiting.ensure().reason = failure->second.reason;
  waiting.waiting->message = failure->second.message;
  out.state = waiting;
}

v1::ContainerStatus container_status(const Container& c, api::ContainerSort sort,
                                     const std::vector<v1::ContainerStatus>& old, const StatusInput& in) {
  const bool init = sort == api::ContainerSort::Init;
  const auto* before = find_status(old, c.name);
  const auto* newest = in.state.newest(c.name);
  auto out = newest ? present_status(c, before, in) : absent_status(c, before, in);
  const bool finished_init = init && newest && newest->state == State::Exited && newest->exit_code == 0;
  if (!finished_init) apply_failure(out, c, sort, in);
  add_mounts(out, c, in.recursive_read_only);
  const bool running = newest && newest->state == State::Running;
  if (sort == api::ContainerSort::Ephemeral) return out;  // nobody waits for it
  out.started = running && in.started_ids.contains(newest->id);
  if (init) {
    out.ready = out.state.terminated && out.state.terminated->exitCode == 0;
    out.started = false;
  } else {
    out.ready = running && in.ready_ids.contains(newest->id);
  }
  return out;
}

/// Names for `containers with unready status: [a b]`.
std::string bracketed(const std::vector<std::string>& names) { return "[" + join(names, " ") + "]"; }

void set_initialized(PodStatus& s, const Pod& pod, WallTime now) {
  std::vector<std::string> incomplete;
  for (const auto& c : pod.spec.initContainers) {
    const auto* status = find_status(s.initContainerStatuses, c.name);
    const bool done = status && (is_sidecar(c) ? status->started.value_or(false) : status->ready);
    if (!done) incomplete.push_back(c.name);
  }
  const int64_t generation = pod.metadata.generation;
  if (incomplete.empty()) {
    set_condition(s, "Initialized", true, s.phase == "Succeeded" ? "PodCompleted" : "", "", generation, now);
  } else if (s.phase == "Succeeded") {
    set_condition(s, "Initialized", true, "PodCompleted", "", generation, now);
  } else {
    set_condition(s, "Initialized", false, "ContainersNotInitialized",
                  "containers with incomplete status: " + bracketed(incomplete), generation, now);
  }
}

void set_readiness(PodStatus& s, const Pod& pod, WallTime now) {
  std::vector<std::string> unready, unknown;
  for (const auto& c : pod.spec.containers) {
    const auto* status = find_status(s.containerStatuses, c.name);
    if (!status) {
      unknown.push_back(c.name);
    } else if (!status->ready) {
      unready.push_back(c.name);
    }
  }
  for (const auto& c : pod.spec.initContainers) {
    const auto* status = find_status(s.initContainerStatuses, c.name);
    if (is_sidecar(c) && (!status || !status->ready)) unready.push_back(c.name);
  }
  std::string reason, message;
  std::vector<std::string> texts;
  if (!unknown.empty()) texts.push_back("containers with unknown status: " + bracketed(unknown));
  if (!unready.empty()) texts.push_back("containers with unready status: " + bracketed(unready));
  const bool containers_ready = texts.empty() && !is_terminal(s.phase);
  if (s.phase == "Succeeded") {
    reason = "PodCompleted";
  } else if (s.phase == "Failed") {
    reason = "PodFailed";
  } else if (!texts.empty()) {
    reason = "ContainersNotReady";
    message = join(texts, ", ");
  }
  bool ready = containers_ready;
  std::string ready_reason = reason, ready_message = message;
  if (ready) {
    std::vector<std::string> gates;
    for (const auto& gate : pod.spec.readinessGates) {
      const auto found = std::find_if(s.conditions.begin(), s.conditions.end(),
                                      [&](const auto& c) { return c.type == gate.conditionType; });
      if (found == s.conditions.end()) {
        gates.push_back(fmt::format("corresponding condition of pod readiness gate \"{}\" does not exist.",
                                    gate.conditionType));
      } else if (found->status != "True") {
        gates.push_back(fmt::format("the status of pod readiness gate \"{}\" is not \"True\", but {}",
                                    gate.conditionType, found->status));
      }
    }
    if (!gates.empty()) {
      ready = false;
      ready_reason = "ReadinessGatesNotReady";
      ready_message = join(gates, ", ");
    }
  }
  const int64_t generation = pod.metadata.generation;
  set_condition(s, "Ready", ready, ready_reason, ready_message, generation, now);
  set_condition(s, "ContainersReady", containers_ready, reason, message, generation, now);
}

void set_all_restarting(PodStatus& s, const StatusInput& in) {
  if (!may_restart_all(in.pod)) return;
  const bool going = !is_terminal(s.phase) && restarting_all(in) && !in.state.containers.empty();
  const char* ended = s.phase == "Succeeded" ? "PodCompleted" : s.phase == "Failed" ? "PodFailed" : "";
  set_condition(s, kAllRestarting, going, going ? "RestartAllContainersStarted" : ended,
                going ? "container exited with restart policy rule" : "", in.pod.metadata.generation, in.now);
}

void set_addresses(PodStatus& out, const StatusInput& in) {
  out.hostIPs.clear();
  for (const auto& ip : in.host_ips) out.hostIPs.emplace_back().ip = ip;
  out.hostIP = in.host_ips.empty() ? "" : in.host_ips.front();
  std::vector<std::string> ips;
  if (in.pod.spec.hostNetwork) {
    if (!in.state.sandboxes.empty()) ips = in.host_ips;
  } else if (!in.state.sandboxes.empty()) {
    ips = in.state.sandboxes.front().ips;
  }
  if (ips.empty()) return;  // kept after the sandbox stopped
  out.podIPs.clear();
  for (const auto& ip : ips) out.podIPs.emplace_back().ip = ip;
  out.podIP = ips.front();
}

}  // namespace

void set_condition(PodStatus& status, const std::string& type, bool value, const std::string& reason,
                   const std::string& message, int64_t generation, WallTime now) {
  auto& c = client::set_condition(status.conditions, type, value, reason, now);
  c.message = message;
  c.observedGeneration = generation;
}

std::string compute_phase(const Pod& pod, const PodStatus& s, bool sandbox_ready, bool terminating) {
  bool pending_init = false;
  for (const auto& c : pod.spec.initContainers) {
    const auto* status = find_status(s.initContainerStatuses, c.name);
    if (!status) {
      pending_init = true;
      continue;
    }
    if (is_sidecar(c)) {
      if (!status->started.value_or(false) &&
          !std::any_of(s.containerStatuses.begin(), s.containerStatuses.end(), [](const auto& m) {
            return m.state.running || m.state.terminated || m.lastState.terminated;
          })) {
        pending_init = true;
      }
      continue;
    }
    const auto* ended =
        status->state.terminated ? status->state.terminated.get() : status->lastState.terminated.get();
    if (status->state.terminated && status->state.terminated->exitCode == 0) continue;
    if (ended && ended->exitCode != 0 && pod.spec.restartPolicy == "Never" &&
        c.restartPolicy.value_or("") != "Always")
      return "Failed";
    pending_init = true;
  }
  size_t running = 0, waiting = 0, stopped = 0, succeeded = 0, unknown = 0;
  for (const auto& c : pod.spec.containers) {
    const auto* status = find_status(s.containerStatuses, c.name);
    if (!status) {
      ++unknown;
    } else if (status->state.running) {
      ++running;
    } else if (status->state.terminated) {
      ++stopped;
      succeeded += status->state.terminated->exitCode == 0;
    } else if (status->state.waiting && status->lastState.terminated) {
      ++stopped;
    } else {
      ++waiting;
    }
  }
  if (pending_init && running + stopped == 0) return "Pending";
  if (waiting > 0) return "Pending";
  if (running > 0 && unknown == 0) return "Running";
  if (stopped == 0 || unknown > 0) return "Pending";
  if (terminating && !sandbox_ready) return succeeded == stopped ? "Succeeded" : "Failed";
  for (const auto& c : pod.spec.containers) {
    const auto* status = find_status(s.containerStatuses, c.name);
    const int32_t code = status->state.terminated ? status->state.terminated->exitCode
                                                  : status->lastState.terminated->exitCode;
    ContainerRecord record;
    record.state = State::Exited;
    record.exit_code = code;
    Pod copy_free_of_deletion;  // restartability is asked of the policy alone
    copy_free_of_deletion.spec.restartPolicy = pod.spec.restartPolicy;
    if (should_restart(copy_free_of_deletion, c, &record)) return "Running";
  }
  return succeeded == stopped ? "Succeeded" : "Failed";
}

PodStatus build_status(const StatusInput& in) {
  PodStatus out = in.old;
  out.observedGeneration = in.pod.metadata.generation;
  out.qosClass = qos_class(in.pod);
  if (!out.startTime) out.startTime = codec::Time::from(in.now);
  out.containerStatuses.clear();
  out.initContainerStatuses.clear();
  out.ephemeralContainerStatuses.clear();
  for (const auto& c : api::containers_of(in.pod.spec)) {
    const auto list = c.is_init()                               ? &PodStatus::initContainerStatuses
                      : c.sort == api::ContainerSort::Ephemeral ? &PodStatus::ephemeralContainerStatuses
                                                                : &PodStatus::containerStatuses;
    (out.*list).push_back(container_status(c.spec, c.sort, in.old.*list, in));
  }
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::stable_sort(out.containerStatuses.begin(), out.containerStatuses.end(), by_name);
  std::stable_sort(out.ephemeralContainerStatuses.begin(), out.ephemeralContainerStatuses.end(), by_name);
  if (!is_terminal(in.old.phase)) {
    const std::string phase =
        compute_phase(in.pod, out, in.state.any_sandbox_ready() && in.state.any_running(), in.terminating);
    if (phase != in.old.phase) {
      out.reason.clear();
      out.message.clear();
    }
    out.phase = phase;
  }
  set_addresses(out, in);
  uint32_t attempt = 0;
  std::string id;
  const bool sandbox = !in.state.sandboxes.empty() && !sandbox_changed(in.pod, in.state, attempt, id);
  set_condition(out, "PodReadyToStartContainers", sandbox, "", "", in.pod.metadata.generation, in.now);
  set_initialized(out, in.pod, in.now);
  set_readiness(out, in.pod, in.now);
  set_all_restarting(out, in);
  set_condition(out, "PodScheduled", true, "", "", in.pod.metadata.generation, in.now);
  return out;
}

bool same_status(const PodStatus& a, const PodStatus& b) { return codec::equal(a, b); }

}  // namespace mizzen::kubelet
