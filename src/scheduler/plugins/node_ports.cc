#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {

std::optional<Rejection> check_ports(const PodInfo& pod, const NodeState& node) {
  if (!placement::conflict(pod.load->host_ports, node.host_ports)) return std::nullopt;
  return Rejection{{"node(s) didn't have free ports for the requested pod ports"}, false};
}

}  // namespace mizzen::scheduler
