#include "controllers/nodes/taint_eviction/decide.h"

#include <algorithm>

#include "api/kinds/core/pod/tolerations.h"
#include "controllers/framework/pods.h"

namespace mizzen::controllers::taint_eviction {

using api::core::v1::Taint;

std::vector<Taint> execute_taints(const Node& node) {
  std::vector<Taint> out;
  std::copy_if(node.spec.taints.begin(), node.spec.taints.end(), std::back_inserter(out),
               [](const Taint& t) { return t.effect == "NoExecute"; });
  return out;
}

std::optional<WallTime> leaves_at(const Pod& pod, const Node& node, WallTime now) {
  if (pod.metadata.deletionTimestamp) return std::nullopt;
  const auto taints = execute_taints(node);
  if (taints.empty()) return std::nullopt;
  if (api::borne_for(pod.spec.tolerations, taints) == Duration::zero()) return now;
  WallTime bound{};
  if (const auto* c = find_condition(pod, "PodScheduled");
      c && c->status == "True" && c->lastTransitionTime.is_set())
    bound = c->lastTransitionTime.wall();
  // Each taint has its own time; the first to run out counts.
  std::optional<WallTime> first;
  for (const Taint& taint : taints) {
    const Duration stay = api::borne_for(pod.spec.tolerations, {taint});
    if (stay == Duration::max()) continue;
    const WallTime since = std::max(taint.timeAdded ? taint.timeAdded->wall() : now, bound);
    const WallTime at = std::min(since, now) + stay;
    if (!first || at < *first) first = at;
  }
  return first;
}

}  // namespace mizzen::controllers::taint_eviction
