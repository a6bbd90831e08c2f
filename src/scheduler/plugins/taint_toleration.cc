#include <algorithm>

#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {
namespace {

using api::core::v1::Taint;
using api::core::v1::Toleration;

bool tolerates_one(const Toleration& t, const Taint& taint) {
  if (!t.effect.empty() && t.effect != taint.effect) return false;
  if (!t.key.empty() && t.key != taint.key) return false;
  if (t.operator_ == "Exists") return true;
  return (t.operator_.empty() || t.operator_ == "Equal") && t.value == taint.value;
}

}  // namespace

bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const Toleration& t) { return tolerates_one(t, taint); });
}

std::optional<Rejection> check_taints(const PodInfo& pod, const NodeState& node) {
  for (const Taint& taint : node.node->spec.taints)
    if ((taint.effect == "NoSchedule" || taint.effect == "NoExecute") &&
        !tolerates(pod.pod->spec.tolerations, taint))
      return Rejection{{"node(s) had untolerated taint(s)"}};
  return std::nullopt;
}

int64_t score_taints(const PodInfo& pod, const NodeState& node, const ClusterState&) {
  const auto& taints = node.node->spec.taints;
  return std::count_if(taints.begin(), taints.end(), [&](const Taint& taint) {
    return taint.effect == "PreferNoSchedule" && !tolerates(pod.pod->spec.tolerations, taint);
  });
}

}  // namespace mizzen::scheduler
