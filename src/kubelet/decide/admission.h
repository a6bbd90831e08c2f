#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kubelet/state/node_abilities.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// Why a node does not take a pod: upstream's reason and words.
struct Refusal {
  std::string reason;
  std::string message;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// Pure: what the pod asks for and this node can never give it: another system, sysctls beyond the safe ones,
/// AppArmor or groups that nothing enforces. A pod that would run without is not run at all.
std::optional<Refusal> refusal_of(const Pod& pod, const NodeAbilities& node);

/// Pure: why no sandbox can be made for it as things are, in upstream's words; empty where one can.
std::string sandbox_problem(const Pod& pod, const NodeAbilities& node);

/// Pure: fields that are set and that this node does not carry out, although the pod runs; they are named in
/// an event.
std::vector<std::string> fields_without_effect(const Pod& pod);

/// The name of a kernel parameter with dots between its parts, however it was written.
std::string sysctl_name(const std::string& name);

}  // namespace mizzen::kubelet
