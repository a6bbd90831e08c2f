#include <algorithm>

#include "api/kinds/core/pod/tolerations.h"
#include "placement/taints.h"
#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {

using api::tolerates;
using api::core::v1::Taint;

std::optional<Rejection> check_taints(const PodInfo& pod, const NodeState& node) {
  if (!node.tainted) return std::nullopt;
  if (!placement::untolerated(node.node->spec.taints, pod.pod->spec.tolerations, {"NoSchedule", "NoExecute"}))
    return std::nullopt;
  return Rejection{{"node(s) had untolerated taint(s)"}};
}

int64_t score_taints(const PodInfo& pod, const NodeState& node, const ClusterState&) {
  if (!node.tainted) return 0;
  const auto& taints = node.node->spec.taints;
  return std::count_if(taints.begin(), taints.end(), [&](const Taint& taint) {
    return taint.effect == "PreferNoSchedule" && !tolerates(pod.pod->spec.tolerations, taint);
  });
}

}  // namespace mizzen::scheduler
