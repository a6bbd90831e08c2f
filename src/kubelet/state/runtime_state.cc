#include "kubelet/state/runtime_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "cri/blocking.h"

namespace mizzen::kubelet {
namespace {

codec::Time time_of(int64_t ns) { return ns > 0 ? codec::Time::from(WallTime(Duration(ns))) : codec::Time(); }

ContainerRecord::State state_of(int32_t state) {
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

ContainerRecord record_of(const cri::v1::Container& listed, const cri::v1::ContainerStatus& s) {
  ContainerRecord out;
  out.id = s.id;
  out.name = s.metadata ? s.metadata->name : "";
  out.sandbox_id = listed.pod_sandbox_id;
  out.state = state_of(s.state);
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

Result<SandboxRecord> read_sandbox(cri::Runtime& runtime, const Clock& clock,
                                   const cri::v1::PodSandbox& listed) {
  SandboxRecord out;
  out.id = listed.id;
  out.ready = listed.state == cri::v1::PodSandboxState::SANDBOX_READY;
  out.attempt = listed.metadata ? listed.metadata->attempt : 0;
  out.created_ns = listed.created_at;
  cri::v1::PodSandboxStatusRequest request;
  request.pod_sandbox_id = listed.id;
  MZ_ASSIGN(const auto answer, cri::wait<&cri::Runtime::pod_sandbox_status>(
                                   runtime, request, Deadline::after(kRuntimeTimeout, clock)));
  if (!answer.status) return out;
  const auto& s = *answer.status;
  out.host_network = s.linux && s.linux->namespaces && s.linux->namespaces->options &&
                     s.linux->namespaces->options->network == cri::v1::NamespaceMode::NODE;
  if (s.network && !s.network->ip.empty()) {
    out.ips.push_back(s.network->ip);
    for (const auto& more : s.network->additional_ips) out.ips.push_back(more.ip);
  }
  return out;
}

}  // namespace

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

Result<RuntimePod> read_runtime_pod(cri::Runtime& runtime, const Clock& clock, const std::string& uid) {
  RuntimePod out;
  out.uid = uid;
  cri::v1::ListPodSandboxRequest sandboxes;
  sandboxes.filter.ensure().label_selector.set(cri::kPodUidLabel, uid);
  MZ_ASSIGN(const auto listed, cri::wait<&cri::Runtime::list_pod_sandbox>(
                                   runtime, sandboxes, Deadline::after(kRuntimeTimeout, clock)));
  for (const auto& item : listed.items) {
    out.name = item.labels.get(cri::kPodNameLabel);
    out.namespace_ = item.labels.get(cri::kPodNamespaceLabel);
    auto record = read_sandbox(runtime, clock, item);
    if (record.ok()) {
      out.sandboxes.push_back(std::move(*record));
    } else if (record.error().code() != Code::NotFound) {  // removed since it was listed
      return record.error();
    }
  }
  cri::v1::ListContainersRequest containers;
  containers.filter.ensure().label_selector.set(cri::kPodUidLabel, uid);
  MZ_ASSIGN(const auto found, cri::wait<&cri::Runtime::list_containers>(
                                  runtime, containers, Deadline::after(kRuntimeTimeout, clock)));
  for (const auto& item : found.containers) {
    cri::v1::ContainerStatusRequest request;
    request.container_id = item.id;
    auto status =
        cri::wait<&cri::Runtime::container_status>(runtime, request, Deadline::after(kRuntimeTimeout, clock));
    if (!status.ok()) {
      if (status.error().code() == Code::NotFound) continue;
      return status.error();
    }
    if (status->status) out.containers.push_back(record_of(item, *status->status));
  }
  const auto newer = [](const auto& a, const auto& b) { return a.created_ns > b.created_ns; };
  std::stable_sort(out.containers.begin(), out.containers.end(), newer);
  std::stable_sort(out.sandboxes.begin(), out.sandboxes.end(), [](const auto& a, const auto& b) {
    return a.attempt != b.attempt ? a.attempt > b.attempt : a.created_ns > b.created_ns;
  });
  return out;
}

Result<Sketches> sketch_pods(cri::Runtime& runtime, const Clock& clock) {
  Sketches out;
  MZ_ASSIGN(const auto sandboxes,
            cri::wait<&cri::Runtime::list_pod_sandbox>(runtime, {}, Deadline::after(kRuntimeTimeout, clock)));
  MZ_ASSIGN(const auto containers,
            cri::wait<&cri::Runtime::list_containers>(runtime, {}, Deadline::after(kRuntimeTimeout, clock)));
  std::map<std::string, std::vector<std::string>> parts;
  const auto add = [&](const codec::Map<std::string>& labels, std::string part) {
    const std::string uid = labels.get(cri::kPodUidLabel);
    if (uid.empty()) return;  // not a pod's
    out[uid].name = labels.get(cri::kPodNameLabel);
    out[uid].namespace_ = labels.get(cri::kPodNamespaceLabel);
    parts[uid].push_back(std::move(part));
  };
  for (const auto& s : sandboxes.items) add(s.labels, fmt::format("s{}:{}", s.id, s.state));
  for (const auto& c : containers.containers) add(c.labels, fmt::format("c{}:{}", c.id, c.state));
  for (auto& [uid, list] : parts) {
    std::sort(list.begin(), list.end());
    out[uid].text = join(list, " ");
  }
  return out;
}

}  // namespace mizzen::kubelet
