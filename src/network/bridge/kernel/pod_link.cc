#include "network/bridge/kernel/pod_link.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "linux/net/net_namespace.h"

namespace mizzen::network {

using linux::NetLinks;

Result<void> make_pod_link(NetLinks& net, const NodeSettings& node, const PodAttachment& pod) {
  linux::Fd space(::open(pod.network_namespace.c_str(), O_RDONLY | O_CLOEXEC));
  if (!space.valid()) return system_error("open network namespace " + pod.network_namespace, errno);
  MZ_TRY(net.delete_link(pod.host_interface));
  MZ_TRY(net.add_veth(pod.host_interface, pod.key.interface, space, node.mtu));
  MZ_TRY(linux::in_network_namespace(pod.network_namespace, [&]() -> Result<void> {
    MZ_ASSIGN(auto inside, NetLinks::open());
    MZ_TRY(inside.set_mac(pod.key.interface, pod.mac));
    for (const auto& a : pod.addresses) MZ_TRY(inside.add_address(pod.key.interface, {a.address, a.bits}));
    MZ_TRY(inside.set_up(pod.key.interface));
    for (const auto& a : pod.addresses) MZ_TRY(inside.add_route(pod.key.interface, std::nullopt, a.gateway));
    return {};
  }));
  return join_bridge(net, node, pod.host_interface);
}

Result<void> join_bridge(NetLinks& net, const NodeSettings& node, const std::string& host_interface) {
  MZ_TRY(net.set_master(host_interface, node.bridge));
  MZ_TRY(net.set_hairpin(host_interface, true));
  return net.set_up(host_interface);
}

Result<void> check_pod_link(NetLinks& net, const NodeSettings& node, const PodAttachment& pod) {
  MZ_ASSIGN(const auto port, net.link(pod.host_interface));
  MZ_ASSIGN(const auto bridge, net.link(node.bridge));
  if (port.master != bridge.index)
    return Error(Code::Conflict, port.name + " is not a port of " + node.bridge);
  return linux::in_network_namespace(pod.network_namespace, [&]() -> Result<void> {
    MZ_ASSIGN(auto inside, NetLinks::open());
    MZ_ASSIGN(const auto found, inside.addresses(pod.key.interface));
    for (const auto& wanted : pod.addresses) {
      if (std::none_of(found.begin(), found.end(), [&](auto& a) { return a.address == wanted.address; }))
        return Error(Code::Conflict,
                     fmt::format("{} lost its address {}", pod.key.interface, wanted.address));
    }
    return {};
  });
}

}  // namespace mizzen::network
