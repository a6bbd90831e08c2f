#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {

std::optional<Rejection> check_name(const PodInfo& pod, const NodeState& node) {
  const std::string& wanted = pod.pod->spec.nodeName;
  if (wanted.empty() || wanted == node.name) return std::nullopt;
  return Rejection{{"node(s) didn't match the requested node name"}};
}

}  // namespace mizzen::scheduler
