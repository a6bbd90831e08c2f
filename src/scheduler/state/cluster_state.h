#pragma once
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "scheduler/state/claims.h"
#include "scheduler/state/pod_info.h"

namespace mizzen::scheduler {

using api::core::v1::Node;

/// A node and what its pods take of it.
struct NodeState {
  std::string name;
  /// Its name, labels, spec and allocatable amounts; null while only pods of it are known.
  std::shared_ptr<const Node> node;
  /// Of the node, here because every decision asks for them of thousands of nodes.
  bool unschedulable = false;
  bool tainted = false;
  Amounts allocatable;
  Amounts requested;
  int64_t nonzero_milli_cpu = 0;
  int64_t nonzero_memory = 0;
  std::vector<HostPort> host_ports;
  std::map<std::string, PodLoadPtr> pods;      ///< by uid
  std::map<std::string, int64_t> image_bytes;  ///< by name
};

/// Kinds of change that may make a waiting pod schedulable; a set is a mask.
enum Change : uint32_t {
  kNodeAdded = 1,
  kNodeAllocatable = 2,
  kNodeLabels = 4,
  kNodeTaints = 8,
  kPodGone = 16,  ///< a pod left its node or takes less of it
  kClaim = 32,    ///< something that pods claim changed
  kAnyChange = 63
};

/// Role: what decisions are made from: nodes, the pods on them, and pods that are about to be on them.
/// Of objects it keeps only what decisions ask for. Invariant: a node's sums are those of its pods at any
/// time; a pod counts on one node. An assumed pod counts until it is confirmed by set_pod(), removed, or
/// forgotten. Threading: a plain value with one owner. Bounds: what the cluster has.
class ClusterState {
 public:
  Claims claims;

  /// What changed for waiting pods.
  uint32_t set_node(const Node& node);
  void remove_node(const std::string& name);

  /// A pod that the API says is on `node` and has not ended.
  uint32_t set_pod(const PodLoadPtr& pod, const std::string& node);
  uint32_t remove_pod(const std::string& uid);

  /// Counts a pod on the node chosen for it before the API says so.
  void assume(const PodLoadPtr& pod, const std::string& node);
  /// The binding failed. Nothing where the API said otherwise meanwhile.
  uint32_t forget(const std::string& uid);
  bool is_assumed(const std::string& uid) const;
  bool has_pod(const std::string& uid) const { return places_.contains(uid); }

  /// Nodes that exist, in order of name.
  const std::vector<const NodeState*>& nodes() const { return ordered_; }
  /// On how many nodes an image is.
  int64_t nodes_with_image(const std::string& image) const;

 private:
  struct Place {
    std::string node;
    bool assumed = false;
  };
  void put(const PodLoadPtr& pod, const std::string& node, bool assumed);
  void count_images(const NodeState& node, int64_t sign);
  /// Where a node of this name stands in ordered_, or would.
  std::vector<const NodeState*>::iterator place_of(const std::string& name);

  std::map<std::string, NodeState> nodes_;
  std::vector<const NodeState*> ordered_;          ///< those that exist, by name
  std::unordered_map<std::string, Place> places_;  ///< by uid
  std::unordered_map<std::string, int64_t> image_nodes_;
};

}  // namespace mizzen::scheduler
