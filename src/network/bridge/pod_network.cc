#include "network/bridge/pod_network.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/strings.h"
#include "linux/files/file.h"
#include "linux/files/mounts.h"
#include "linux/files/system_info.h"
#include "linux/net/net_links.h"
#include "linux/net/nftables.h"
#include "network/bridge/mac.h"

namespace mizzen::network {
namespace {

using linux::NetLinks;

constexpr size_t kInterfaceNameMax = 15;
constexpr size_t kTableNameMax = 64;
constexpr int kPortMax = 65535;

/// Goes into commands for nftables as it is.
bool valid_table_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= kTableNameMax && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
         });
}

std::string owner_of(const std::string& container_id, const std::string& interface) {
  return container_id + " " + interface;
}

/// "MAP ELEMENT" for a port on one address of the node, or on all.
std::string entry_of(const HostPort& port, const Attachment& attachment) {
  const bool all = port.host_ip.empty() || port.host_ip == "0.0.0.0";
  const std::string key = all ? "hostports " : fmt::format("hostports_at {} . ", port.host_ip);
  return fmt::format("{}{} . {} : {} . {}", key, port.protocol, port.host_port, attachment.address,
                     port.container_port);
}

std::string element_command(std::string_view verb, const std::string& table, std::string_view entry) {
  const auto space = entry.find(' ');
  return fmt::format("{} element ip {} {} {{ {} }}\n", verb, table, entry.substr(0, space),
                     entry.substr(space + 1));
}

bool valid_container_id(const std::string& id) {
  return !id.empty() && id.size() <= 128 && id.find('/') == std::string::npos &&
         id.find(' ') == std::string::npos && id.find('\n') == std::string::npos && id != "." && id != "..";
}

}  // namespace

Result<void> check_host_port(const HostPort& port) {
  if (port.protocol != "tcp" && port.protocol != "udp")
    return Error(Code::BadRequest, "a host port needs protocol TCP or UDP");
  if (port.host_port < 1 || port.host_port > kPortMax || port.container_port < 1 ||
      port.container_port > kPortMax)
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

std::string host_interface_name(const std::string& container_id, const std::string& interface) {
  uint64_t hash = 1469598103934665603ull;
  for (const char c : container_id + "/" + interface)
    hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  return fmt::format("mz{:012x}", hash & 0xffffffffffffull);
}

std::string node_table_commands(const NetworkOptions& o) {
  // `add` leaves what exists alone, but rules would pile up: the chains are emptied in the same transaction.
  // The maps of host ports are not, they belong to the pods that run.
  return fmt::format(R"(add table ip {0}
add map ip {0} hostports {{ type inet_proto . inet_service : ipv4_addr . inet_service ; }}
add map ip {0} hostports_at {{ type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service ; }}
add chain ip {0} prerouting {{ type nat hook prerouting priority -100 ; }}
add chain ip {0} output {{ type nat hook output priority -100 ; }}
add chain ip {0} postrouting {{ type nat hook postrouting priority 100 ; }}
flush chain ip {0} prerouting
flush chain ip {0} output
flush chain ip {0} postrouting
add rule ip {0} prerouting fib daddr type local dnat ip addr . port to ip daddr . meta l4proto . th dport map @hostports_at
add rule ip {0} output fib daddr type local dnat ip addr . port to ip daddr . meta l4proto . th dport map @hostports_at
add rule ip {0} prerouting fib daddr type local dnat ip addr . port to meta l4proto . th dport map @hostports
add rule ip {0} output fib daddr type local ip daddr != 127.0.0.0/8 dnat ip addr . port to meta l4proto . th dport map @hostports
add rule ip {0} postrouting ip saddr {1} ip daddr {1} ct status dnat masquerade
add rule ip {0} postrouting ip saddr {1} ip daddr != {2} ip daddr != 224.0.0.0/4 masquerade
)",
                     o.table, o.pod_range, o.cluster_range);
}

Result<PodNetwork> PodNetwork::create(NetworkOptions options) {
  const auto range = Ipv4Range::parse(options.pod_range);
  if (!range)
    return Error(Code::BadRequest, options.pod_range + " is not an IPv4 range such as 10.42.0.0/24");
  if (!Ipv4Range::parse(options.cluster_range)) {
    return Error(Code::BadRequest, options.cluster_range + " is not an IPv4 range such as 10.42.0.0/16");
  }
  if (options.bridge.empty() || options.bridge.size() > kInterfaceNameMax) {
    return Error(Code::BadRequest,
                 fmt::format("bridge name {} is not 1 to 15 characters long", options.bridge));
  }
  if (!valid_table_name(options.table))
    return Error(Code::BadRequest,
                 fmt::format("{} is not a name for a table of nftables", quote(options.table)));
  if (options.data_folder.empty()) return Error(Code::BadRequest, "the pod network needs a data folder");
  AddressPool pool(options.data_folder + "/addresses", *range);
  return PodNetwork(std::move(options), std::move(pool));
}

Result<void> PodNetwork::ensure_node() {
  MZ_ASSIGN(auto net, NetLinks::open());
  const bool fresh = !net.link(options_.bridge).ok();
  MZ_TRY(net.add_bridge(options_.bridge, options_.mtu));
  MZ_TRY(net.add_address(options_.bridge, {format_ipv4(pool_.gateway()), pool_.range().bits}));
  // Without one of its own a bridge takes the lowest MAC of its ports, and changes it when that port goes.
  if (fresh) MZ_TRY(net.set_mac(options_.bridge, mac_of(pool_.gateway())));
  MZ_TRY(net.set_up(options_.bridge));
  MZ_TRY(linux::set_kernel_parameter("net/ipv4/ip_forward", "1"));
  const auto table = linux::nft_list_table("ip", options_.table);
  if (fresh || !table.ok() ||
      table->find("hostports_at") == std::string::npos)  // an earlier version's lacks it
    MZ_TRY(linux::nft(node_table_commands(options_)));
  return {};
}

Result<Attachment> PodNetwork::attach(const std::string& container_id, const std::string& network_namespace,
                                      const std::string& interface, const std::vector<HostPort>& ports) {
  if (!valid_container_id(container_id))
    return Error(Code::BadRequest, "not a container id: " + container_id);
  MZ_TRY(ensure_node());
  MZ_ASSIGN(const uint32_t address, pool_.take(owner_of(container_id, interface)));
  Attachment out{.interface = interface,
                 .host_interface = host_interface_name(container_id, interface),
                 .mac = mac_of(address),
                 .address = format_ipv4(address),
                 .bits = pool_.range().bits,
                 .gateway = format_ipv4(pool_.gateway())};
  auto done = wire(out, network_namespace);
  if (done.ok()) done = open_host_ports(container_id, out, ports);
  if (!done.ok()) {
    const auto undone = detach(container_id, interface);  // a later DEL would do it too
    return undone.ok() ? done.error() : done.error().with_context("after a failed clean-up");
  }
  return out;
}

Result<void> PodNetwork::wire(const Attachment& a, const std::string& network_namespace) {
  linux::Fd pod(::open(network_namespace.c_str(), O_RDONLY | O_CLOEXEC));
  if (!pod.valid()) return system_error("open network namespace " + network_namespace, errno);
  MZ_ASSIGN(auto net, NetLinks::open());
  MZ_TRY(net.delete_link(a.host_interface));  // left by an ADD that stopped half-way
  MZ_TRY(net.add_veth(a.host_interface, a.interface, pod, options_.mtu));
  MZ_TRY(linux::in_network_namespace(network_namespace, [&]() -> Result<void> {
    MZ_ASSIGN(auto inside, NetLinks::open());
    MZ_TRY(inside.set_mac(a.interface, a.mac));
    MZ_TRY(inside.add_address(a.interface, {a.address, a.bits}));
    MZ_TRY(inside.set_up(a.interface));
    return inside.add_route(a.interface, std::nullopt, a.gateway);
  }));
  MZ_TRY(net.set_master(a.host_interface, options_.bridge));
  MZ_TRY(net.set_hairpin(a.host_interface, true));
  return net.set_up(a.host_interface);
}

Result<void> PodNetwork::open_host_ports(const std::string& container_id, const Attachment& attachment,
                                         const std::vector<HostPort>& ports) {
  std::vector<std::string> entries;
  std::string commands;
  for (const auto& port : ports) {
    if (port.host_port <= 0) continue;
    MZ_TRY(check_host_port(port));
    entries.push_back(entry_of(port, attachment));
    commands += element_command("add", options_.table, entries.back());
  }
  if (entries.empty()) return {};
  // The file first: what it names is taken away by detach even if we stop after the next line.
  MZ_TRY(make_folders(port_folder(), 0700));
  MZ_TRY(write_file(port_folder() + "/" + container_id, join(entries, "\n"), 0600));
  return linux::nft(commands);
}

Result<void> PodNetwork::close_host_ports(const std::string& container_id) {
  const std::string path = port_folder() + "/" + container_id;
  auto entries = read_file(path);
  if (!entries.ok()) return {};
  for (auto entry : split(*entries, '\n')) {
    // One by one: an element that never came in would refuse them all. Its port may by now lead to another
    // pod.
    const auto removed = linux::nft(element_command("delete", options_.table, entry));
    if (!removed.ok() && linux::nft_list_table("ip", options_.table).ok() &&
        linux::nft(element_command("get", options_.table, entry)).ok()) {
      return removed;
    }
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("remove " + path, errno);
  return {};
}

Result<void> PodNetwork::detach(const std::string& container_id, const std::string& interface) {
  if (!valid_container_id(container_id))
    return Error(Code::BadRequest, "not a container id: " + container_id);
  MZ_TRY(close_host_ports(container_id));
  MZ_ASSIGN(auto net, NetLinks::open());
  MZ_TRY(net.delete_link(host_interface_name(container_id, interface)));
  return pool_.give_back(
      owner_of(container_id, interface));  // last: the address is free once nothing uses it
}

Result<void> PodNetwork::check(const std::string& container_id, const std::string& network_namespace,
                               const std::string& interface) {
  MZ_ASSIGN(const uint32_t address, pool_.find(owner_of(container_id, interface)));
  MZ_ASSIGN(auto net, NetLinks::open());
  MZ_ASSIGN(const auto port, net.link(host_interface_name(container_id, interface)));
  MZ_ASSIGN(const auto bridge, net.link(options_.bridge));
  if (port.master != bridge.index)
    return Error(Code::Conflict, port.name + " is not a port of " + options_.bridge);
  return linux::in_network_namespace(network_namespace, [&]() -> Result<void> {
    MZ_ASSIGN(auto inside, NetLinks::open());
    MZ_ASSIGN(const auto addresses, inside.addresses(interface));
    for (const auto& a : addresses) {
      if (a.address == format_ipv4(address)) return {};
    }
    return Error(Code::Conflict, fmt::format("{} lost its address {}", interface, format_ipv4(address)));
  });
}

Result<void> PodNetwork::down() {
  MZ_ASSIGN(auto net, NetLinks::open());
  const auto bridge = net.link(options_.bridge);
  if (bridge.ok()) {
    MZ_ASSIGN(const auto all, net.links());
    for (const auto& link : all) {
      if (link.master == bridge->index && link.name.starts_with("mz")) MZ_TRY(net.delete_link(link.name));
    }
    MZ_TRY(net.delete_link(options_.bridge));
  }
  MZ_TRY(linux::nft_delete_table("ip", options_.table));
  return linux::remove_all(options_.data_folder);
}

}  // namespace mizzen::network
