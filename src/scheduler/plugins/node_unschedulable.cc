#include "api/kinds/core/pod/tolerations.h"
#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {

std::optional<Rejection> check_unschedulable(const PodInfo& pod, const NodeState& node) {
  if (!node.unschedulable) return std::nullopt;
  api::core::v1::Taint taint;
  taint.key = "node.kubernetes.io/unschedulable";
  taint.effect = "NoSchedule";
  if (api::tolerates(pod.pod->spec.tolerations, taint)) return std::nullopt;
  return Rejection{{"node(s) were unschedulable"}};
}

}  // namespace mizzen::scheduler
