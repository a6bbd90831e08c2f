#pragma once
#include <memory>
#include <string>
#include <vector>

#include "scheduler/plugins/plugin.h"
#include "scheduler/state/cluster_state.h"

namespace mizzen::scheduler {

/// What a pod's claims say of where it may go.
struct ClaimCheck {
  /// No node will do, because; empty where nodes decide.
  std::string never;
  /// Nodes have to satisfy all of them: where the volumes and the devices are.
  std::vector<const api::core::v1::NodeSelector*> volumes, devices;
  /// A volume that only one pod may use is in use.
  bool in_use = false;
};

/// Looks at the volumes and devices that a pod claims. Only claims that others have satisfied will do: a
/// claim that is bound to its volume, a claim of devices that is allocated and reserved for the pod. This
/// scheduler binds no volumes and allocates no devices, and says so. Pure.
ClaimCheck check_claims(const PodInfo& pod, const ClusterState& state);
/// The node's part of it.
std::optional<Rejection> check_claims_on(const ClaimCheck& check, const NodeState& node);

}  // namespace mizzen::scheduler
