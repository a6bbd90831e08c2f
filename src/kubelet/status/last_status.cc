#include "kubelet/status/last_status.h"

#include <algorithm>

#include "api/kinds/core/pod/pod_containers.h"

namespace mizzen::kubelet {
namespace {

using api::core::v1::ContainerState;
using api::core::v1::ContainerStatus;
using api::core::v1::PodStatus;

constexpr int32_t kExitCode = 137;

bool succeeded(const ContainerState& state) { return state.terminated && state.terminated->exitCode == 0; }

/// It ran, or ended, once.
bool began(const ContainerStatus& status) { return !status.state.waiting || status.lastState.terminated; }

/// The pod's init containers have completed, as far as anything tells.
bool is_initialized(const Pod& pod, const PodStatus& status) {
  const auto& inits = pod.spec.initContainers;
  if (inits.empty()) return true;
  if (std::any_of(status.containerStatuses.begin(), status.containerStatuses.end(), began)) return true;
  if (status.initContainerStatuses.empty()) return false;
  const ContainerStatus& last = status.initContainerStatuses.back();
  if (api::is_sidecar(inits.back())) return last.state.running && last.started.value_or(false);
  return succeeded(last.state) || succeeded(last.lastState);
}

void end(ContainerStatus& status) {
  if (status.state.terminated) return;
  status.state = {};
  auto& ended = status.state.terminated.ensure();
  ended.exitCode = kExitCode;
  ended.reason = "ContainerStatusUnknown";
  ended.message = "The container could not be located when the pod was terminated";
  status.ready = false;
}

}  // namespace

api::core::v1::PodStatus last_status(const Pod& pod, PodStatus status) {
  if (is_initialized(pod, status))
    for (auto& container : status.containerStatuses) end(container);
  auto& inits = status.initContainerStatuses;
  // Of the init containers the last that began and those before it; the first one in any case.
  size_t until = inits.size();
  while (until > 1 && !began(inits[until - 1])) --until;
  for (size_t i = 0; i < until; ++i) end(inits[i]);
  return status;
}

}  // namespace mizzen::kubelet
