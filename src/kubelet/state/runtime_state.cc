#include "kubelet/state/runtime_state.h"

#include <algorithm>

#include "base/strings.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {
namespace {

codec::Time time_of(int64_t ns) { return ns > 0 ? codec::Time::from(WallTime(Duration(ns))) : codec::Time(); }

/// containerd gives up a start whose caller hangs up: here the agent's end. As long as there was no task yet,
/// no program has run, and what the pod asked for is still to come.
bool was_cut_off_before_it_ran(const cri::v1::ContainerStatus& s) {
  return s.reason == "StartError" && s.message.starts_with("failed to create containerd task") &&
         s.message.find("context canceled") != std::string::npos;
}

}  // namespace

ContainerRecord::State container_state(int32_t state) {
  switch (state) {
    case cri::v1::ContainerState::CONTAINER_CREATED:
      return ContainerRecord::State::Created;
    case cri::v1::ContainerState::CONTAINER_RUNNING:
      return ContainerRecord::State::Running;
    case cri::v1::ContainerState::CONTAINER_EXITED:
      return ContainerRecord::State::Exited;
    default:
      return ContainerRecord::State::Unknown;
  }
}

ContainerRecord container_record(const cri::v1::ContainerStatus& s, const std::string& sandbox_id) {
  ContainerRecord out;
  out.id = s.id;
  out.name = s.metadata ? s.metadata->name : "";
  out.sandbox_id = sandbox_id;
  out.state = was_cut_off_before_it_ran(s) ? ContainerRecord::State::Created : container_state(s.state);
  out.exit_code = s.exit_code;
  out.reason = s.reason;
  out.message = s.message;
  out.created_ns = s.created_at;
  // Go's kubelet prints the start of a container that never started as 1970.
  out.started = out.state == ContainerRecord::State::Exited
                    ? codec::Time::from(WallTime(Duration(s.started_at)))
                    : time_of(s.started_at);
  out.finished = time_of(s.finished_at);
  out.restart_count = parse_int<int32_t>(s.annotations.get(kRestartCountAnnotation)).value_or(0);
  out.hash = s.annotations.get(kHashAnnotation);
  out.image = s.image ? s.image->image : "";
  out.image_id = s.image_ref;
  out.log_path = s.log_path;
  out.termination_policy = s.annotations.get(kTerminationPolicyAnnotation);
  const std::string inside = s.annotations.get(kTerminationPathAnnotation);
  for (const auto& mount : s.mounts) {
    if (!inside.empty() && mount.container_path == inside) out.termination_path = mount.host_path;
  }
  return out;
}

SandboxRecord sandbox_record(const cri::v1::PodSandboxStatus& s) {
  SandboxRecord out;
  out.id = s.id;
  out.ready = s.state == cri::v1::PodSandboxState::SANDBOX_READY;
  out.attempt = s.metadata ? s.metadata->attempt : 0;
  out.source = s.annotations.get(kSourceAnnotation);
  out.created_ns = s.created_at;
  out.host_network = s.linux && s.linux->namespaces && s.linux->namespaces->options &&
                     s.linux->namespaces->options->network == cri::v1::NamespaceMode::NODE;
  if (s.network && !s.network->ip.empty()) {
    out.ips.push_back(s.network->ip);
    for (const auto& more : s.network->additional_ips) out.ips.push_back(more.ip);
  }
  return out;
}

const ContainerRecord* RuntimePod::newest(const std::string& container) const {
  for (const auto& c : containers) {
    if (c.name == container) return &c;
  }
  return nullptr;
}

bool RuntimePod::any_running() const {
  return std::any_of(containers.begin(), containers.end(),
                     [](const auto& c) { return c.state == ContainerRecord::State::Running; });
}

bool RuntimePod::any_sandbox_ready() const {
  return std::any_of(sandboxes.begin(), sandboxes.end(), [](const auto& s) { return s.ready; });
}

bool holds_anything(const SandboxRecord& sandbox) { return sandbox.ready || !sandbox.ips.empty(); }

bool RuntimePod::holds_anything() const {
  return any_running() || std::any_of(sandboxes.begin(), sandboxes.end(),
                                      [](const auto& s) { return kubelet::holds_anything(s); });
}

void sort_newest_first(RuntimePod& pod) {
  std::stable_sort(pod.containers.begin(), pod.containers.end(),
                   [](const auto& a, const auto& b) { return a.created_ns > b.created_ns; });
  std::stable_sort(pod.sandboxes.begin(), pod.sandboxes.end(), [](const auto& a, const auto& b) {
    return a.attempt != b.attempt ? a.attempt > b.attempt : a.created_ns > b.created_ns;
  });
}

}  // namespace mizzen::kubelet
