#include "placement/host_ports.h"

#include <algorithm>

#include "api/kinds/core/pod/pod_containers.h"
#include "placement/pod_requests.h"

namespace mizzen::placement {
namespace {

void collect_ports(const api::core::v1::Container& c, std::vector<HostPort>& out) {
  for (const auto& p : c.ports)
    if (p.hostPort > 0)
      out.push_back(
          {p.hostIP.empty() ? "0.0.0.0" : p.hostIP, p.protocol.empty() ? "TCP" : p.protocol, p.hostPort});
}

}  // namespace

bool HostPort::conflicts_with(const HostPort& other) const {
  if (port != other.port || protocol != other.protocol) return false;
  return ip == other.ip || ip == "0.0.0.0" || other.ip == "0.0.0.0";
}

std::vector<HostPort> host_ports_of(const api::core::v1::Pod& pod) {
  std::vector<HostPort> out;
  for (const auto& c : api::containers_of(pod.spec))
    if (c.runs_on()) collect_ports(c.spec, out);
  return out;
}

bool conflict(const std::vector<HostPort>& wanted, const std::vector<HostPort>& taken) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const HostPort& w) {
    return std::any_of(taken.begin(), taken.end(), [&](const HostPort& t) { return w.conflicts_with(t); });
  });
}

}  // namespace mizzen::placement
