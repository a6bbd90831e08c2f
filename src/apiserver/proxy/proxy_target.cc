#include "apiserver/proxy/proxy_target.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

namespace v1 = api::core::v1;

bool for_everybody(const std::string& ip) {
  in_addr v4{};
  if (::inet_pton(AF_INET, ip.c_str(), &v4) == 1) {
    const uint32_t a = ntohl(v4.s_addr);
    return a != 0 && a != 0xFFFFFFFF && a >> 24 != 127 && a >> 16 != 0xA9FE && a >> 28 != 0xE;
  }
  in6_addr v6{};
  if (::inet_pton(AF_INET6, ip.c_str(), &v6) != 1) return false;
  return !IN6_IS_ADDR_UNSPECIFIED(&v6) && !IN6_IS_ADDR_LOOPBACK(&v6) && !IN6_IS_ADDR_MULTICAST(&v6) &&
         !IN6_IS_ADDR_LINKLOCAL(&v6) && !IN6_IS_ADDR_V4MAPPED(&v6);
}

}  // namespace

std::optional<ProxyName> parse_proxy_name(std::string_view id) {
  const auto parts = split(id, ':');
  ProxyName out;
  if (parts.size() == 1) {
    out.name = parts[0];
  } else if (parts.size() == 2) {
    out.name = parts[0];
    out.port = parts[1];
  } else if (parts.size() == 3) {
    out.scheme = parts[0];
    out.name = parts[1];
    out.port = parts[2];
  } else {
    return std::nullopt;
  }
  if (out.name.empty() || (!out.scheme.empty() && out.scheme != "http" && out.scheme != "https"))
    return std::nullopt;
  return out;
}

Result<http::Target> proxied_address(const std::string& ip, int32_t port, const ProxyName& asked) {
  if (!for_everybody(ip)) return Error(Code::BadRequest, "address not allowed");
  if (port < 0 || port > 65535) return Error(Code::BadRequest, fmt::format("invalid port {}", port));
  http::Target out;
  out.tls = asked.scheme == "https";
  out.host = ip;
  out.port = static_cast<uint16_t>(port != 0 ? port : (out.tls ? 443 : 80));
  return out;
}

Result<http::Target> proxied_pod(const v1::Pod& pod, const ProxyName& asked) {
  int32_t port = 0;
  if (!asked.port.empty()) {
    const auto number = parse_int<int32_t>(asked.port);
    if (!number || *number <= 0)
      return Error(Code::BadRequest, fmt::format("invalid port {}", quote(asked.port)));
    port = *number;
  } else {
    for (const auto& c : pod.spec.containers) {
      if (c.ports.empty()) continue;
      port = c.ports.front().containerPort;
      break;
    }
  }
  return proxied_address(pod.status.podIP, port, asked);
}

Result<ProxiedEndpoint> proxied_endpoint(const v1::Service* service, const v1::Endpoints* endpoints,
                                         const ProxyName& asked, uint64_t seed) {
  std::string port = asked.port;
  if (const auto number = parse_int<int64_t>(port)) {
    const auto none = Error(Code::ServiceUnavailable, fmt::format("no service port {} found for service {}",
                                                                  *number, quote(asked.name)));
    if (!service) return none;
    const auto& ports = service->spec.ports;
    const auto it =
        std::find_if(ports.begin(), ports.end(), [&](const auto& p) { return p.port == *number; });
    if (it == ports.end()) return none;
    port = it->name;
  }
  std::vector<ProxiedEndpoint> found;
  if (endpoints)
    for (const auto& subset : endpoints->subsets)
      for (const auto& p : subset.ports)
        if (p.name == port)
          for (const auto& address : subset.addresses)
            if (address.targetRef && address.targetRef->kind == "Pod")
              found.push_back({address.ip, p.port, address.targetRef->name});
  if (found.empty())
    return Error(Code::ServiceUnavailable,
                 fmt::format("no endpoints available for service {}", quote(asked.name)));
  return found[seed % found.size()];
}

std::string_view path_after(std::string_view raw_path, size_t segments) {
  size_t at = 0;
  for (size_t i = 0; i <= segments; ++i) {
    at = raw_path.find('/', i == 0 ? 0 : at + 1);
    if (at == std::string_view::npos) return {};
  }
  return raw_path.substr(at);
}

http::Headers passed_on(const http::Headers& from, bool request) {
  static constexpr std::string_view kConnection[] = {"connection",
                                                     "keep-alive",
                                                     "proxy-connection",
                                                     "proxy-authenticate",
                                                     "proxy-authorization",
                                                     "te",
                                                     "trailer",
                                                     "transfer-encoding",
                                                     "upgrade",
                                                     "content-length"};
  static constexpr std::string_view kCaller[] = {"host", "authorization"};
  http::Headers out;
  for (const auto& header : from) {
    const std::string name = to_lower(header.name);
    if (std::find(std::begin(kConnection), std::end(kConnection), name) != std::end(kConnection)) continue;
    if (from.has_token("Connection", name)) continue;
    if (request && (std::find(std::begin(kCaller), std::end(kCaller), name) != std::end(kCaller) ||
                    name.starts_with("impersonate-")))
      continue;
    out.add(header.name, header.value);
  }
  return out;
}

std::string passed_location(std::string_view location, std::string_view prefix, std::string_view backend,
                            std::string_view called_as) {
  std::string_view path = location;
  if (const auto scheme = location.find("://"); scheme != std::string_view::npos) {
    const auto end = location.find('/', scheme + 3);
    const std::string_view host =
        location.substr(scheme + 3, end == std::string_view::npos ? end : end - scheme - 3);
    if (host != backend && host != called_as) return std::string(location);
    path = end == std::string_view::npos ? std::string_view("/") : location.substr(end);
  }
  if (!path.starts_with("/") || path.starts_with("//")) return std::string(location);
  return std::string(prefix) + std::string(path);
}

}  // namespace mizzen::apiserver
