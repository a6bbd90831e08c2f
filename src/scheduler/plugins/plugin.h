#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/state/cluster_state.h"

/// The policies a decision is made of, one file each. A filter says why a node will not do; a score says how
/// well it would. All are pure functions.
namespace mizzen::scheduler {

/// Why a node will not do.
struct Rejection {
  std::vector<std::string> reasons;
  /// True where even an empty node would not do: removing pods cannot help.
  bool unresolvable = true;
};

/// A reason to leave a node out. Filters say what would have to change.
struct Filter {
  std::string_view name;
  uint32_t retry_on;  ///< changes after which a pod rejected by this filter is worth another try
  std::optional<Rejection> (*check)(const PodInfo& pod, const NodeState& node);
};

/// A preference among nodes that passed.
struct Scorer {
  enum class Normalize : uint8_t { None, Highest, Reverse };
  std::string_view name;
  int64_t weight;
  Normalize normalize;
  /// Whether the scorer has a say about this pod at all.
  bool (*applies)(const PodInfo& pod);
  int64_t (*score)(const PodInfo& pod, const NodeState& node, const ClusterState& state);
};

/// In the order they are asked; the first to reject a node ends it.
std::span<const Filter> filters();
std::span<const Scorer> scorers();

std::optional<Rejection> check_unschedulable(const PodInfo& pod, const NodeState& node);
std::optional<Rejection> check_name(const PodInfo& pod, const NodeState& node);
std::optional<Rejection> check_taints(const PodInfo& pod, const NodeState& node);
std::optional<Rejection> check_pinned(const PodInfo& pod, const NodeState& node);
std::optional<Rejection> check_affinity(const PodInfo& pod, const NodeState& node);
std::optional<Rejection> check_ports(const PodInfo& pod, const NodeState& node);
std::optional<Rejection> check_resources(const PodInfo& pod, const NodeState& node);

int64_t score_taints(const PodInfo& pod, const NodeState& node, const ClusterState& state);
int64_t score_affinity(const PodInfo& pod, const NodeState& node, const ClusterState& state);
int64_t score_least_allocated(const PodInfo& pod, const NodeState& node, const ClusterState& state);
int64_t score_balanced(const PodInfo& pod, const NodeState& node, const ClusterState& state);
int64_t score_images(const PodInfo& pod, const NodeState& node, const ClusterState& state);

}  // namespace mizzen::scheduler
