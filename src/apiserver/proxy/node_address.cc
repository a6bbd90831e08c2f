#include "apiserver/proxy/node_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

constexpr int32_t kKubeletPort = 10250;

enum class Kind : uint8_t { Usable, Loopback, Refused };

Kind kind_of_ipv4(uint32_t a) {
  if (a >> 24 == 127) return Kind::Loopback;
  const bool refused = a >> 24 == 0 || a >> 16 == 0xA9FE || a >> 28 >= 0xE;
  return refused ? Kind::Refused : Kind::Usable;
}

Kind kind_of_ipv6(const in6_addr& a) {
  if (IN6_IS_ADDR_V4MAPPED(&a)) {
    uint32_t v4 = 0;
    std::memcpy(&v4, a.s6_addr + 12, sizeof v4);
    return kind_of_ipv4(ntohl(v4));
  }
  if (IN6_IS_ADDR_LOOPBACK(&a)) return Kind::Loopback;
  const bool refused = IN6_IS_ADDR_UNSPECIFIED(&a) || IN6_IS_ADDR_LINKLOCAL(&a) ||
                       IN6_IS_ADDR_MULTICAST(&a) || IN6_IS_ADDR_V4COMPAT(&a);
  return refused ? Kind::Refused : Kind::Usable;
}

/// Nothing for what is no address.
std::optional<Kind> kind_of(const std::string& text) {
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return kind_of_ipv4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return kind_of_ipv6(v6);
  return std::nullopt;
}

}  // namespace

Result<http::Target> kubelet_target(const api::core::v1::Node& node, bool loopback_allowed) {
  const std::string& name = node.metadata.name;
  int32_t port = node.status.daemonEndpoints.kubeletEndpoint.port;
  if (port == 0) port = kKubeletPort;
  if (port < 0 || port > 65535)
    return Error(Code::Unknown, fmt::format("node {} has no valid port", quote(name)));
  for (const char* type : {"InternalIP", "ExternalIP"}) {
    for (const auto& a : node.status.addresses) {
      const auto kind = a.type == type ? kind_of(a.address) : std::nullopt;
      if (!kind) continue;
      if (*kind == Kind::Refused || (*kind == Kind::Loopback && !loopback_allowed))
        return Error(Code::Forbidden,
                     fmt::format("address {} of node {} is not allowed", a.address, quote(name)));
      http::Target out;
      out.tls = true;
      out.host = name;
      out.port = static_cast<uint16_t>(port);
      out.pinned_address = a.address;
      return out;
    }
  }
  std::vector<std::string> known;
  for (const auto& a : node.status.addresses) known.push_back(fmt::format("{{{} {}}}", a.type, a.address));
  return Error(Code::Unknown,
               fmt::format("no preferred addresses found; known addresses: [{}]", fmt::join(known, " ")));
}

}  // namespace mizzen::apiserver
