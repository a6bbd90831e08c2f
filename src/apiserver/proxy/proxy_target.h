#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "api/schema/core/v1/endpoints.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service.h"
#include "base/result.h"
#include "http/message/headers.h"
#include "http/message/url.h"

/// Where a request to pods/NAME/proxy or services/NAME/proxy goes; pure.
namespace mizzen::apiserver {

/// What stands in the place of the name: [scheme:]name[:port], as upstream reads it.
struct ProxyName {
  std::string scheme;  ///< empty, http or https
  std::string name;
  std::string port;  ///< number or, of a service, also a name; may be empty
};
std::optional<ProxyName> parse_proxy_name(std::string_view id);

/// The pod's address and the port asked for, else the first one it names, else the scheme's. Addresses that
/// are not for everybody (loopback, link-local, many) are refused.
Result<http::Target> proxied_pod(const api::core::v1::Pod& pod, const ProxyName& asked);

/// The place of one of a service's ready pods that has the port; `seed` chooses among them. `service` may be
/// null where the port is given by name. The address must still be checked to be its pod's.
struct ProxiedEndpoint {
  std::string ip;
  int32_t port = 0;
  std::string pod;  ///< its name
};
Result<ProxiedEndpoint> proxied_endpoint(const api::core::v1::Service* service,
                                         const api::core::v1::Endpoints* endpoints, const ProxyName& asked,
                                         uint64_t seed);
Result<http::Target> proxied_address(const std::string& ip, int32_t port, const ProxyName& asked);

/// What of a raw path follows its first `segments` segments, with the slash; empty where nothing does.
std::string_view path_after(std::string_view raw_path, size_t segments);

/// Header fields that go on: all but those of the connection and, of a request, the caller's credentials.
http::Headers passed_on(const http::Headers& from, bool request);

/// A Location of the backend, as the client must call it: paths of the same host go below `prefix`.
std::string passed_location(std::string_view location, std::string_view prefix, std::string_view backend,
                            std::string_view called_as);

}  // namespace mizzen::apiserver
