#include "kubelet/access/node_auth.h"

#include <fmt/ranges.h>

#include "telemetry/log.h"

namespace mizzen::kubelet {

std::optional<Denial> denial_of(NodeAuth& auth, const http::Request& request, const NodeCall& call,
                                Deadline deadline) {
  const auto user = auth.identify(request, deadline);
  if (!user.ok()) return Denial{401, "Unauthorized"};
  for (const std::string& subresource : call.subresources) {
    const auto may = auth.allows(*user, call.verb, subresource, deadline);
    if (!may.ok()) {
      log::warn("kubelet", "nobody says whether a caller may",
                {log::kv("user", user->name), log::kv("err", may.error().message())});
      return Denial{500, fmt::format("Authorization error (user={}, verb={}, resource=nodes, subresource={})",
                                     user->name, call.verb, subresource)};
    }
    if (*may) return std::nullopt;
  }
  return Denial{403, fmt::format("Forbidden (user={}, verb={}, resource=nodes, subresource(s)=[{}])",
                                 user->name, call.verb, fmt::join(call.subresources, " "))};
}

}  // namespace mizzen::kubelet
