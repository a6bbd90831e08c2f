#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {

std::optional<Rejection> check_ports(const PodInfo& pod, const NodeState& node) {
  for (const HostPort& wanted : pod.load->host_ports)
    for (const HostPort& taken : node.host_ports)
      if (wanted.conflicts_with(taken))
        return Rejection{{"node(s) didn't have free ports for the requested pod ports"}, false};
  return std::nullopt;
}

}  // namespace mizzen::scheduler
