#include "linux/net/net_links.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <cerrno>

#include "linux/files/mounts.h"

namespace mizzen::linux {
namespace {

/// Calls libnl's function that gives back T.
template <auto F>
struct Put {
  template <typename T>
  void operator()(T* p) const {
    F(p);
  }
};
using LinkPtr = std::unique_ptr<rtnl_link, Put<rtnl_link_put>>;
using AddrPtr = std::unique_ptr<rtnl_addr, Put<rtnl_addr_put>>;
using RoutePtr = std::unique_ptr<rtnl_route, Put<rtnl_route_put>>;
using NlAddrPtr = std::unique_ptr<nl_addr, Put<nl_addr_put>>;
using CachePtr = std::unique_ptr<nl_cache, Put<nl_cache_free>>;
using SocketPtr = std::unique_ptr<nl_sock, Put<nl_socket_free>>;

Error nl_failure(const std::string& doing, int error) {
  const Code code = error == -NLE_OBJ_NOTFOUND || error == -NLE_NODEV ? Code::NotFound
                    : error == -NLE_EXIST                             ? Code::AlreadyExists
                    : error == -NLE_PERM                              ? Code::Forbidden
                                                                      : Code::InternalError;
  return Error(code, fmt::format("{}: {}", doing, ::nl_geterror(error)));
}

Result<NlAddrPtr> parse_address(const std::string& text, int bits) {
  nl_addr* out = nullptr;
  const int error = ::nl_addr_parse(text.c_str(), AF_UNSPEC, &out);
  if (error < 0) return Error(Code::BadRequest, fmt::format("{} is not an IP address", text));
  NlAddrPtr owner(out);
  if (bits >= 0) ::nl_addr_set_prefixlen(out, bits);
  return owner;
}

std::string text_of(const nl_addr* address) {
  char buffer[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(::nl_addr_get_family(address), ::nl_addr_get_binary_addr(address), buffer, sizeof buffer);
  return buffer;
}

LinkInfo describe(rtnl_link* link) {
  LinkInfo out;
  out.name = ::rtnl_link_get_name(link) ? ::rtnl_link_get_name(link) : "";
  out.index = ::rtnl_link_get_ifindex(link);
  out.mtu = static_cast<int>(::rtnl_link_get_mtu(link));
  out.up = (::rtnl_link_get_flags(link) & IFF_UP) != 0;
  out.master = ::rtnl_link_get_master(link);
  char mac[32] = {};
  if (nl_addr* address = ::rtnl_link_get_addr(link)) out.mac = ::nl_addr2str(address, mac, sizeof mac);
  return out;
}

}  // namespace

std::string IpPrefix::text() const { return fmt::format("{}/{}", address, bits); }

struct NetLinks::Rep {
  SocketPtr socket;

  Result<LinkPtr> find(const std::string& name) {
    rtnl_link* out = nullptr;
    const int error = ::rtnl_link_get_kernel(socket.get(), 0, name.c_str(), &out);
    if (error < 0) return nl_failure("link " + name, error);
    return LinkPtr(out);
  }
  Result<void> change(const std::string& name, const std::function<void(rtnl_link*)>& edit) {
    MZ_ASSIGN(auto original, find(name));
    LinkPtr wish(::rtnl_link_alloc());
    edit(wish.get());
    const int error = ::rtnl_link_change(socket.get(), original.get(), wish.get(), 0);
    if (error < 0) return nl_failure("change link " + name, error);
    return {};
  }
};

NetLinks::NetLinks(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
NetLinks::NetLinks(NetLinks&&) noexcept = default;
NetLinks& NetLinks::operator=(NetLinks&&) noexcept = default;
NetLinks::~NetLinks() = default;

Result<NetLinks> NetLinks::open() {
  auto rep = std::make_unique<Rep>();
  rep->socket.reset(::nl_socket_alloc());
  if (!rep->socket) return Error(Code::InternalError, "netlink: no memory");
  const int error = ::nl_connect(rep->socket.get(), NETLINK_ROUTE);
  if (error < 0) return nl_failure("netlink", error);
  return NetLinks(std::move(rep));
}

Result<LinkInfo> NetLinks::link(const std::string& name) {
  MZ_ASSIGN(auto found, rep_->find(name));
  return describe(found.get());
}

Result<std::vector<LinkInfo>> NetLinks::links() {
  nl_cache* cache = nullptr;
  const int error = ::rtnl_link_alloc_cache(rep_->socket.get(), AF_UNSPEC, &cache);
  if (error < 0) return nl_failure("list links", error);
  CachePtr owner(cache);
  std::vector<LinkInfo> out;
  for (nl_object* o = ::nl_cache_get_first(cache); o; o = ::nl_cache_get_next(o)) {
    out.push_back(describe(reinterpret_cast<rtnl_link*>(o)));
  }
  return out;
}

Result<void> NetLinks::add_bridge(const std::string& name, int mtu) {
  LinkPtr wish(::rtnl_link_bridge_alloc());
  ::rtnl_link_set_name(wish.get(), name.c_str());
  ::rtnl_link_set_mtu(wish.get(), static_cast<unsigned>(mtu));
  const int error = ::rtnl_link_add(rep_->socket.get(), wish.get(), NLM_F_CREATE | NLM_F_EXCL);
  if (error < 0 && error != -NLE_EXIST) return nl_failure("add bridge " + name, error);
  return {};
}

Result<void> NetLinks::add_veth(const std::string& name, const std::string& peer, const Fd& peer_namespace,
                                int mtu) {
  LinkPtr wish(::rtnl_link_veth_alloc());
  ::rtnl_link_set_name(wish.get(), name.c_str());
  ::rtnl_link_set_mtu(wish.get(), static_cast<unsigned>(mtu));
  LinkPtr other(::rtnl_link_veth_get_peer(wish.get()));
  ::rtnl_link_set_name(other.get(), peer.c_str());
  ::rtnl_link_set_mtu(other.get(), static_cast<unsigned>(mtu));
  ::rtnl_link_set_ns_fd(other.get(), peer_namespace.get());
  const int error = ::rtnl_link_add(rep_->socket.get(), wish.get(), NLM_F_CREATE | NLM_F_EXCL);
  if (error < 0) return nl_failure("add veth " + name, error);
  return {};
}

Result<void> NetLinks::delete_link(const std::string& name) {
  auto found = rep_->find(name);
  if (!found.ok()) return found.error().code() == Code::NotFound ? Result<void>() : found.error();
  const int error = ::rtnl_link_delete(rep_->socket.get(), found->get());
  if (error < 0 && error != -NLE_NODEV && error != -NLE_OBJ_NOTFOUND)
    return nl_failure("delete link " + name, error);
  return {};
}

Result<void> NetLinks::set_up(const std::string& name) {
  return rep_->change(name, [](rtnl_link* l) { ::rtnl_link_set_flags(l, IFF_UP); });
}

Result<void> NetLinks::set_master(const std::string& name, const std::string& bridge) {
  MZ_ASSIGN(auto master, rep_->find(bridge));
  const int index = ::rtnl_link_get_ifindex(master.get());
  MZ_ASSIGN(auto own, rep_->find(name));
  const int error =
      ::rtnl_link_enslave_ifindex(rep_->socket.get(), index, ::rtnl_link_get_ifindex(own.get()));
  if (error < 0) return nl_failure(fmt::format("make {} a port of {}", name, bridge), error);
  return {};
}

Result<void> NetLinks::set_hairpin(const std::string& name, bool on) {
  MZ_ASSIGN(auto own, rep_->find(name));
  LinkPtr wish(::rtnl_link_alloc());
  ::rtnl_link_set_family(wish.get(), AF_BRIDGE);
  ::rtnl_link_set_ifindex(wish.get(), ::rtnl_link_get_ifindex(own.get()));
  if (on) {
    ::rtnl_link_bridge_set_flags(wish.get(), RTNL_BRIDGE_HAIRPIN_MODE);
  } else {
    ::rtnl_link_bridge_unset_flags(wish.get(), RTNL_BRIDGE_HAIRPIN_MODE);
  }
  const int error = ::rtnl_link_change(rep_->socket.get(), wish.get(), wish.get(), 0);
  if (error < 0) return nl_failure("hairpin of " + name, error);
  return {};
}

Result<void> NetLinks::set_mac(const std::string& name, const std::string& mac) {
  nl_addr* address = nullptr;
  if (::nl_addr_parse(mac.c_str(), AF_LLC, &address) < 0)
    return Error(Code::BadRequest, mac + " is not a MAC address");
  NlAddrPtr owner(address);
  return rep_->change(name, [&](rtnl_link* l) { ::rtnl_link_set_addr(l, address); });
}

Result<void> NetLinks::add_address(const std::string& link, const IpPrefix& address) {
  MZ_ASSIGN(auto found, rep_->find(link));
  MZ_ASSIGN(auto local, parse_address(address.address, address.bits));
  AddrPtr wish(::rtnl_addr_alloc());
  ::rtnl_addr_set_ifindex(wish.get(), ::rtnl_link_get_ifindex(found.get()));
  ::rtnl_addr_set_local(wish.get(), local.get());
  const int error = ::rtnl_addr_add(rep_->socket.get(), wish.get(), 0);
  if (error < 0 && error != -NLE_EXIST)
    return nl_failure(fmt::format("add {} to {}", address.text(), link), error);
  return {};
}

Result<std::vector<IpPrefix>> NetLinks::addresses(const std::string& link) {
  MZ_ASSIGN(auto found, rep_->find(link));
  nl_cache* cache = nullptr;
  const int error = ::rtnl_addr_alloc_cache(rep_->socket.get(), &cache);
  if (error < 0) return nl_failure("list addresses", error);
  CachePtr owner(cache);
  std::vector<IpPrefix> out;
  for (nl_object* o = ::nl_cache_get_first(cache); o; o = ::nl_cache_get_next(o)) {
    auto* addr = reinterpret_cast<rtnl_addr*>(o);
    if (::rtnl_addr_get_ifindex(addr) != ::rtnl_link_get_ifindex(found.get())) continue;
    if (nl_addr* local = ::rtnl_addr_get_local(addr)) {
      out.push_back({text_of(local), static_cast<int>(::nl_addr_get_prefixlen(local))});
    }
  }
  return out;
}

Result<void> NetLinks::add_route(const std::string& link, const std::optional<IpPrefix>& destination,
                                 const std::string& gateway) {
  MZ_ASSIGN(auto found, rep_->find(link));
  const int family = gateway.find(':') != std::string::npos ||
                             (destination && destination->address.find(':') != std::string::npos)
                         ? AF_INET6
                         : AF_INET;
  const IpPrefix to = destination.value_or(IpPrefix{family == AF_INET ? "0.0.0.0" : "::", 0});
  MZ_ASSIGN(auto target, parse_address(to.address, to.bits));
  RoutePtr wish(::rtnl_route_alloc());
  ::rtnl_route_set_family(wish.get(), static_cast<uint8_t>(family));
  ::rtnl_route_set_dst(wish.get(), target.get());
  rtnl_nexthop* hop = ::rtnl_route_nh_alloc();
  ::rtnl_route_nh_set_ifindex(hop, ::rtnl_link_get_ifindex(found.get()));
  if (!gateway.empty()) {
    auto via = parse_address(gateway, -1);
    if (!via.ok()) {
      ::rtnl_route_nh_free(hop);
      return via.error();
    }
    ::rtnl_route_nh_set_gateway(hop, via->get());
  } else {
    ::rtnl_route_set_scope(wish.get(), RT_SCOPE_LINK);
  }
  ::rtnl_route_add_nexthop(wish.get(), hop);  // the route owns it now
  const int error = ::rtnl_route_add(rep_->socket.get(), wish.get(), 0);
  if (error < 0 && error != -NLE_EXIST) return nl_failure("add route to " + to.text(), error);
  return {};
}

Result<std::string> NetLinks::default_address() {
  nl_cache* cache = nullptr;
  const int error = ::rtnl_route_alloc_cache(rep_->socket.get(), AF_INET, 0, &cache);
  if (error < 0) return nl_failure("list routes", error);
  CachePtr owner(cache);
  for (nl_object* o = ::nl_cache_get_first(cache); o; o = ::nl_cache_get_next(o)) {
    auto* route = reinterpret_cast<rtnl_route*>(o);
    nl_addr* to = ::rtnl_route_get_dst(route);
    if (::rtnl_route_get_table(route) != RT_TABLE_MAIN || (to && ::nl_addr_get_prefixlen(to) != 0)) continue;
    if (nl_addr* source = ::rtnl_route_get_pref_src(route)) return text_of(source);
    rtnl_nexthop* hop = ::rtnl_route_nexthop_n(route, 0);
    if (!hop) continue;
    char name[IF_NAMESIZE] = {};
    if (!::if_indextoname(static_cast<unsigned>(::rtnl_route_nh_get_ifindex(hop)), name)) continue;
    MZ_ASSIGN(const auto found, addresses(name));
    for (const auto& a : found) {
      if (a.address.find(':') == std::string::npos) return a.address;
    }
  }
  return Error(Code::NotFound, "this machine has no default route");
}

Result<void> set_loopback_up() {
  MZ_ASSIGN(auto net, NetLinks::open());
  return net.set_up("lo");
}

}  // namespace mizzen::linux
