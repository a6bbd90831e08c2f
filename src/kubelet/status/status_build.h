#pragma once
#include <map>
#include <set>
#include <string>

#include "api/schema/core/v1/pod_status.h"
#include "base/clock.h"
#include "kubelet/decide/pod_actions.h"
#include "kubelet/images/image_puller.h"

namespace mizzen::kubelet {

using PodStatus = api::core::v1::PodStatus;

/// What a pod's status is made from beside the pod itself.
struct StatusInput {
  const Pod& pod;
  const PodStatus& old;  ///< as last published (by us or an earlier run)
  const RuntimePod& state;
  const std::map<std::string, StartFailure>& failures;  ///< by container name: why the last start failed
  const std::map<std::string, std::string>& termination_messages;  ///< by container id
  const std::set<std::string>&
      ready_ids;  ///< running containers whose readiness probe succeeded or that have none
  const std::set<std::string>& started_ids;  ///< running containers past their startup probe
  std::string runtime_name = "containerd";
  std::vector<std::string> host_ips;
  bool recursive_read_only = false;  ///< whether the runtime can mount so
  WallTime now;
  bool terminating = false;  ///< the pod's worker is taking it down
};

/// Pure: the status upstream's kubelet would report: container states, phase, conditions, addresses.
PodStatus build_status(const StatusInput& input);
/// Pure: the phase alone.
std::string compute_phase(const Pod& pod, const PodStatus& status, bool sandbox_ready, bool terminating);
/// True where nothing that is reported differs (times of conditions aside).
bool same_status(const PodStatus& a, const PodStatus& b);
/// Sets a condition, keeping the transition time where the status did not change.
void set_condition(PodStatus& status, const std::string& type, bool value, const std::string& reason,
                   const std::string& message, int64_t generation, WallTime now);

}  // namespace mizzen::kubelet
