#include "network/bridge/state/bridge_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "network/plan/addresses.h"
#include "network/plan/host_ports.h"

namespace mizzen::network {
namespace {

/// Numbers: names need /etc/protocols, which a small system lacks.
int protocol_number(const std::string& name) { return name == "udp" ? 17 : 6; }

NftChain nat_chain(std::string hook, int priority, const std::vector<std::string>& rules) {
  NftChain out{.type = "nat", .hook = std::move(hook), .priority = priority, .rules = {}};
  for (const auto& text : rules) out.rules.push_back(nft_rule(text));
  return out;
}

void add_host_ports(const PodAttachment& pod, NftTable& table) {
  for (const HostPort& port : pod.ports) {
    const std::string key = fmt::format("{} . {}", protocol_number(port.protocol), port.host_port);
    const std::string to = fmt::format("{} . {}", pod.addresses.front().address, port.container_port);
    if (on_all_addresses(port)) {
      table.maps["hostports"].elements[key] = to;
    } else {
      table.maps["hostports_at"].elements[port.host_ip + " . " + key] = to;
    }
  }
}

bool bridge_is_right(const NodeSettings& node, const BridgeLink& bridge) {
  for (const auto& range : node.ranges) {
    const auto wanted = fmt::format("{}/{}", format_ipv4(range.gateway()), range.pods.bits);
    if (std::find(bridge.addresses.begin(), bridge.addresses.end(), wanted) == bridge.addresses.end())
      return false;
  }
  return bridge.up && bridge.mac == mac_of(node.ranges.front().gateway());
}

}  // namespace

bool Changes::empty() const {
  return !forwarding && !bridge && rules.empty() && to_join.empty() && to_wire.empty() && to_remove.empty();
}

std::string Changes::text() const {
  std::vector<std::string> out;
  if (forwarding) out.push_back("forwarding");
  if (bridge) out.push_back("bridge");
  if (!rules.empty()) out.push_back("rules");
  if (!to_join.empty()) out.push_back(fmt::format("{} ports", to_join.size()));
  if (!to_wire.empty()) out.push_back(fmt::format("{} pods' links", to_wire.size()));
  if (!to_remove.empty()) out.push_back(fmt::format("{} links of nobody", to_remove.size()));
  return join(out, ", ");
}

NftTable desired_table(const NodePlan& plan) {
  const std::string here = "fib daddr type local ";
  const std::string at = "dnat ip addr . port to ip daddr . meta l4proto . th dport map @hostports_at";
  const std::string any = "dnat ip addr . port to meta l4proto . th dport map @hostports";
  NftTable out;
  out.maps["hostports"] = {"inet_proto . inet_service", "ipv4_addr . inet_service", {}};
  out.maps["hostports_at"] = {"ipv4_addr . inet_proto . inet_service", "ipv4_addr . inet_service", {}};
  out.chains["prerouting"] = nat_chain("prerouting", -100, {here + at, here + any});
  out.chains["output"] = nat_chain("output", -100, {here + at, here + "ip daddr != 127.0.0.0/8 " + any});
  std::vector<std::string> leaving;
  for (const auto& range : plan.node.ranges) {
    const std::string pods = range.pods.text();
    leaving.push_back(fmt::format("ip saddr {0} ip daddr {0} ct status dnat masquerade", pods));
    leaving.push_back(fmt::format("ip saddr {} ip daddr != {} ip daddr != 224.0.0.0/4 masquerade", pods,
                                  range.cluster.text()));
  }
  out.chains["postrouting"] = nat_chain("postrouting", 100, leaving);
  for (const auto& [key, pod] : plan.pods)
    if (!pod.leaving && !pod.addresses.empty()) add_host_ports(pod, out);
  return out;
}

Changes diff(const NodePlan& desired, const BridgeState& actual) {
  Changes out;
  out.forwarding = !actual.forwarding;
  out.bridge = !actual.bridge || !bridge_is_right(desired.node, *actual.bridge);
  out.rules = nft_changes(desired.node.table, desired_table(desired), actual.table);
  std::map<std::string, PortLink> others = actual.ports;
  for (const auto& [key, pod] : desired.pods) {
    if (pod.leaving) continue;
    const auto found = others.find(pod.host_interface);
    if (found == others.end()) {
      out.to_wire.push_back(key);
      continue;
    }
    if (!found->second.on_bridge || !found->second.up) out.to_join.push_back(pod.host_interface);
    others.erase(found);
  }
  // Only ports of our bridge: another node's on this machine have names as ours have.
  for (const auto& [name, port] : others)
    if (port.on_bridge) out.to_remove.push_back(name);
  return out;
}

}  // namespace mizzen::network
