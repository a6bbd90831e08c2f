// The STATUS, READY and RESTARTS of `kubectl get pods`, by upstream's algorithm.
#include "api/kinds/core/pod/pod_table.h"

#include <algorithm>

#include "api/table/texts.h"
namespace mizzen::api {
namespace {

using core::v1::ContainerStatus;
using core::v1::Pod;

struct Summary {
  std::string status;
  int ready = 0, total = 0;
  int64_t restarts = 0;
  codec::Time last_restart;
};

const core::v1::PodCondition* condition(const Pod& pod, std::string_view type) {
  for (const auto& c : pod.status.conditions)
    if (c.type == type) return &c;
  return nullptr;
}

bool is_sidecar(const core::v1::Container& c) { return c.restartPolicy && *c.restartPolicy == "Always"; }

void raise(codec::Time& last, const ContainerStatus& s) {
  if (s.lastState.terminated && s.lastState.terminated->finishedAt > last)
    last = s.lastState.terminated->finishedAt;
}

std::string exit_text(const core::v1::ContainerStateTerminated& t) {
  if (!t.reason.empty()) return t.reason;
  return t.signal != 0 ? "Signal:" + std::to_string(t.signal) : "ExitCode:" + std::to_string(t.exitCode);
}

/// Step 3: true while init containers are at work.
bool summarize_init(const Pod& pod, Summary& out, int64_t& sidecar_restarts, codec::Time& sidecar_last) {
  for (size_t i = 0; i < pod.status.initContainerStatuses.size(); ++i) {
    const ContainerStatus& s = pod.status.initContainerStatuses[i];
    out.restarts += s.restartCount;
    raise(out.last_restart, s);
    bool sidecar = false;
    for (const auto& c : pod.spec.initContainers) sidecar = sidecar || (c.name == s.name && is_sidecar(c));
    if (sidecar) {
      sidecar_restarts += s.restartCount;
      raise(sidecar_last, s);
    }
    if (s.state.terminated && s.state.terminated->exitCode == 0) continue;
    if (sidecar && s.started.value_or(false)) {
      out.ready += s.ready;
      continue;
    }
    if (s.state.terminated) {
      out.status = "Init:" + exit_text(*s.state.terminated);
    } else if (s.state.waiting && !s.state.waiting->reason.empty() &&
               s.state.waiting->reason != "PodInitializing") {
      out.status = "Init:" + s.state.waiting->reason;
    } else {
      out.status = "Init:" + std::to_string(i) + "/" + std::to_string(pod.spec.initContainers.size());
    }
    return true;
  }
  return false;
}

void summarize_containers(const Pod& pod, Summary& out) {
  bool has_running = false;
  std::string error;
  for (size_t i = pod.status.containerStatuses.size(); i-- > 0;) {
    const ContainerStatus& s = pod.status.containerStatuses[i];
    out.restarts += s.restartCount;
    raise(out.last_restart, s);
    if (s.state.waiting && !s.state.waiting->reason.empty()) {
      out.status = s.state.waiting->reason;
    } else if (s.state.terminated) {
      out.status = exit_text(*s.state.terminated);
      if (s.state.terminated->exitCode != 0) error = out.status;
    } else if (s.ready && s.state.running) {
      has_running = true;
      ++out.ready;
    }
  }
  if (out.status != "Completed") return;
  const auto* ready = condition(pod, "Ready");
  if (has_running && ready && ready->status == "True") {
    out.status = "Running";
  } else if (!error.empty()) {
    out.status = error;
  } else if (has_running) {
    out.status = "NotReady";
  }
}

Summary summarize(const Pod& pod) {
  Summary out;
  out.total = static_cast<int>(pod.spec.containers.size());
  for (const auto& c : pod.spec.initContainers) out.total += is_sidecar(c);
  out.status = pod.status.reason.empty() ? pod.status.phase : pod.status.reason;
  const auto* scheduled = condition(pod, "PodScheduled");
  if (scheduled && scheduled->reason == "SchedulingGated") out.status = "SchedulingGated";
  int64_t sidecar_restarts = 0;
  codec::Time sidecar_last;
  const bool initializing = summarize_init(pod, out, sidecar_restarts, sidecar_last);
  const auto* initialized = condition(pod, "Initialized");
  if (!initializing || (initialized && initialized->status == "True")) {
    out.restarts = sidecar_restarts;
    out.last_restart = sidecar_last;
    summarize_containers(pod, out);
  }
  if (pod.metadata.deletionTimestamp) {
    if (pod.status.reason == "NodeLost") {
      out.status = "Unknown";
    } else if (pod.status.phase != "Succeeded" && pod.status.phase != "Failed") {
      out.status = "Terminating";
    }
  }
  return out;
}

std::string or_none(const std::string& text) { return text.empty() ? "<none>" : text; }

}  // namespace

std::vector<TableColumn> pod_columns() {
  return {{"Name", "string", "name", "Name must be unique within a namespace."},
          {"Ready", "string", "", "The number of containers in this pod that are ready to accept traffic."},
          {"Status", "string", "", "What the pod is doing, in a word."},
          {"Restarts", "string", "", "How often containers of this pod were restarted, and when last."},
          {"Age", "string", "", "How long ago the pod was created."},
          {"IP", "string", "", "Address of the pod.", 1},
          {"Node", "string", "", "Node the pod runs on.", 1},
          {"Nominated Node", "string", "", "Node that is being cleared for this pod.", 1},
          {"Readiness Gates", "string", "", "Further conditions that make the pod ready.", 1}};
}

TableCells pod_row(const Pod& pod, WallTime now) {
  const Summary s = summarize(pod);
  std::string restarts = std::to_string(s.restarts);
  if (s.restarts != 0 && s.last_restart.is_set())
    restarts += " (" + human_duration(now - s.last_restart.wall()) + " ago)";
  std::string gates = "<none>";
  if (!pod.spec.readinessGates.empty()) {
    size_t good = 0;
    for (const auto& gate : pod.spec.readinessGates) {
      const auto* c = condition(pod, gate.conditionType);
      good += c && c->status == "True";
    }
    gates = std::to_string(good) + "/" + std::to_string(pod.spec.readinessGates.size());
  }
  const std::string ip = pod.status.podIPs.empty() ? pod.status.podIP : pod.status.podIPs[0].ip;
  return {cell(pod.metadata.name),
          cell(std::to_string(s.ready) + "/" + std::to_string(s.total)),
          cell(s.status),
          cell(restarts),
          age_cell(pod.metadata.creationTimestamp, now),
          cell(or_none(ip)),
          cell(or_none(pod.spec.nodeName)),
          cell(or_none(pod.status.nominatedNodeName)),
          cell(gates)};
}

}  // namespace mizzen::api
