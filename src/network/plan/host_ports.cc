#include "network/plan/host_ports.h"

#include <fmt/format.h>

#include "base/net/ipv4.h"

namespace mizzen::network {
namespace {

constexpr int kPortMax = 65535;

bool valid_port(int port) { return port >= 1 && port <= kPortMax; }

std::string text_of(const HostPort& port) {
  return fmt::format("{}:{}/{}", on_all_addresses(port) ? "" : port.host_ip, port.host_port, port.protocol);
}

}  // namespace

Result<void> check_host_port(const HostPort& port) {
  if (port.protocol != "tcp" && port.protocol != "udp")
    return Error(Code::BadRequest, "a host port needs protocol TCP or UDP");
  if (!valid_port(port.host_port) || !valid_port(port.container_port))
    return Error(Code::BadRequest, "ports of a host port must be between 1 and 65535");
  if (port.host_ip.empty()) return {};
  const auto address = parse_ipv4(port.host_ip);
  if (!address)
    return Error(Code::BadRequest,
                 fmt::format("the hostIP of a host port must be an IPv4 address: {}", port.host_ip));
  if (*address >> 24 == 127)
    return Error(Code::BadRequest,
                 "a host port on the loopback address (hostIP 127.0.0.1) is not supported by this network");
  return {};
}

Result<void> check_host_ports(const std::vector<HostPort>& ports) {
  for (size_t i = 0; i < ports.size(); ++i) {
    MZ_TRY(check_host_port(ports[i]));
    for (size_t j = 0; j < i; ++j) {
      if (overlap(ports[i], ports[j]) && on_all_addresses(ports[i]) == on_all_addresses(ports[j]))
        return Error(Code::BadRequest, fmt::format("host port {} is asked for twice", text_of(ports[i])));
    }
  }
  return {};
}

bool on_all_addresses(const HostPort& port) { return port.host_ip.empty() || port.host_ip == "0.0.0.0"; }

bool overlap(const HostPort& a, const HostPort& b) {
  return a.protocol == b.protocol && a.host_port == b.host_port &&
         (on_all_addresses(a) || on_all_addresses(b) || a.host_ip == b.host_ip);
}

const PodAttachment* holder_of(const NodePlan& plan, const HostPort& port, const AttachmentKey& claimant) {
  for (const auto& [key, pod] : plan.pods) {
    if (key == claimant) continue;
    for (const HostPort& held : pod.ports)
      if (overlap(port, held)) return &pod;
  }
  return nullptr;
}

Error taken(const HostPort& port, const PodAttachment& holder) {
  return Error(Code::Conflict,
               fmt::format("host port {} belongs to {} (container {}){}", text_of(port),
                           holder.pod.empty() ? "another pod" : "pod " + holder.pod, holder.key.container_id,
                           holder.leaving ? ", which is ending" : ""));
}

}  // namespace mizzen::network
