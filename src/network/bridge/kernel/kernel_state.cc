#include "network/bridge/kernel/kernel_state.h"

#include "base/file.h"
#include "base/strings.h"
#include "linux/files/system_info.h"
#include "linux/net/net_links.h"
#include "linux/net/nftables.h"
#include "network/bridge/kernel/pod_link.h"
#include "network/plan/addresses.h"

namespace mizzen::network {

using linux::NetLinks;

Result<std::optional<NftTable>> read_table(const NodeSettings& node) {
  const auto listed = linux::nft_list_table_json("ip", node.table);
  if (!listed.ok() && listed.error().code() == Code::NotFound) return std::optional<NftTable>();
  if (!listed.ok()) return listed.error();
  MZ_ASSIGN(auto table, parse_nft_listing(*listed));
  return std::optional<NftTable>(std::move(table));
}

Result<BridgeState> read_state(const NodeSettings& node) {
  BridgeState out;
  const auto forwarding = read_file("/proc/sys/net/ipv4/ip_forward", 16);
  out.forwarding = forwarding.ok() && trim(*forwarding) == "1";
  MZ_ASSIGN(out.table, read_table(node));
  MZ_ASSIGN(auto net, NetLinks::open());
  MZ_ASSIGN(const auto links, net.links());
  int bridge = 0;
  for (const auto& link : links) {
    if (link.name != node.bridge) continue;
    bridge = link.index;
    out.bridge = BridgeLink{.up = link.up, .mac = link.mac, .addresses = {}};
    MZ_ASSIGN(const auto addresses, net.addresses(link.name));
    for (const auto& a : addresses) out.bridge->addresses.push_back(a.text());
  }
  for (const auto& link : links) {
    if (link.name.starts_with(kHostInterfacePrefix) && link.name != node.bridge)
      out.ports[link.name] = {.up = link.up, .on_bridge = bridge != 0 && link.master == bridge};
  }
  return out;
}

Result<void> make_bridge(const NodeSettings& node) {
  MZ_ASSIGN(auto net, NetLinks::open());
  MZ_TRY(net.add_bridge(node.bridge, node.mtu));
  MZ_ASSIGN(const auto present, net.link(node.bridge));
  for (const auto& range : node.ranges)
    MZ_TRY(net.add_address(node.bridge, {format_ipv4(range.gateway()), range.pods.bits}));
  // Without one of its own a bridge takes the lowest MAC of its ports, and changes it when that port goes.
  const auto mac = mac_of(node.ranges.front().gateway());
  if (present.mac != mac) MZ_TRY(net.set_mac(node.bridge, mac));
  MZ_TRY(net.set_up(node.bridge));
  return linux::set_kernel_parameter("net/ipv4/ip_forward", "1");
}

Result<void> apply(const NodePlan& plan, const Changes& changes) {
  Result<void> first;
  const auto note = [&](Result<void> done) {
    if (!done.ok() && first.ok()) first = std::move(done);
  };
  if (changes.forwarding || changes.bridge) note(make_bridge(plan.node));
  if (!changes.rules.empty()) note(linux::nft(changes.rules));
  MZ_ASSIGN(auto net, NetLinks::open());
  for (const auto& name : changes.to_remove) note(net.delete_link(name));
  for (const auto& name : changes.to_join) note(join_bridge(net, plan.node, name));
  for (const auto& key : changes.to_wire) note(make_pod_link(net, plan.node, plan.pods.at(key)));
  return first;
}

Result<void> remove_state(const NodePlan& plan) {
  const auto& bridge = plan.node.bridge;
  MZ_ASSIGN(auto net, NetLinks::open());
  for (const auto& [key, pod] : plan.pods) MZ_TRY(net.delete_link(pod.host_interface));
  if (const auto found = net.link(bridge); found.ok()) {
    MZ_ASSIGN(const auto all, net.links());
    for (const auto& link : all) {
      if (link.master == found->index && link.name.starts_with(kHostInterfacePrefix))
        MZ_TRY(net.delete_link(link.name));
    }
    MZ_TRY(net.delete_link(bridge));
  }
  return linux::nft_delete_table("ip", plan.node.table);
}

}  // namespace mizzen::network
