#include "placement/node_affinity.h"

#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {

using api::core::v1::NodeAffinity;
using api::core::v1::NodeSelectorTerm;
using placement::matches;
using placement::node_affinity;

/// Pods whose every term names nodes (those of daemon sets) look at these nodes alone.
std::optional<Rejection> check_pinned(const PodInfo& pod, const NodeState& node) {
  const NodeAffinity* affinity = node_affinity(pod.pod->spec);
  if (!affinity || !affinity->requiredDuringSchedulingIgnoredDuringExecution) return std::nullopt;
  const auto& terms = affinity->requiredDuringSchedulingIgnoredDuringExecution->nodeSelectorTerms;
  if (terms.empty()) return std::nullopt;
  bool named = false;
  for (const NodeSelectorTerm& term : terms) {
    bool pinned = false;
    bool here = true;
    for (const auto& r : term.matchFields) {
      if (r.key != "metadata.name" || r.operator_ != "In") continue;
      pinned = true;
      here = here && matches(r, &node.name);
    }
    if (!pinned) return std::nullopt;
    named = named || here;
  }
  if (named) return std::nullopt;
  return Rejection{{"node(s) didn't satisfy plugin(s) [NodeAffinity]"}};
}

std::optional<Rejection> check_affinity(const PodInfo& pod, const NodeState& node) {
  if (placement::wants_node(pod.pod->spec, *node.node)) return std::nullopt;
  return Rejection{{"node(s) didn't match Pod's node affinity/selector"}};
}

int64_t score_affinity(const PodInfo& pod, const NodeState& node, const ClusterState&) {
  int64_t sum = 0;
  if (const NodeAffinity* affinity = node_affinity(pod.pod->spec))
    for (const auto& preferred : affinity->preferredDuringSchedulingIgnoredDuringExecution)
      if (matches(preferred.preference, *node.node)) sum += preferred.weight;
  return sum;
}

}  // namespace mizzen::scheduler
