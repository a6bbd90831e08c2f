#include "auth/authorize/components.h"

namespace mizzen::auth {
namespace {

constexpr std::string_view kPublic[] = {"/healthz", "/livez", "/readyz", "/version"};
constexpr std::string_view kDiscovery[] = {"/api", "/apis", "/openapi"};

bool is_below(std::string_view path, std::span<const std::string_view> roots) {
  for (const std::string_view root : roots)
    if (path == root || (path.starts_with(root) && path[root.size()] == '/')) return true;
  return false;
}

bool is_component(const User& user) {
  return user.name == "system:kube-controller-manager" || user.name == "system:kube-scheduler" ||
         (user.in("system:nodes") && user.name.starts_with("system:node:"));
}

}  // namespace

Decision ComponentAuthorizer::decide(const User& user, const RequestInfo& info) const {
  if (user.in(kMasters) || is_component(user)) return {Decision::Kind::Allow, ""};
  if (!info.is_resource && info.method == "get") {
    if (is_below(info.path, kPublic)) return {Decision::Kind::Allow, ""};
    if (user.in(kAuthenticated) && is_below(info.path, kDiscovery)) return {Decision::Kind::Allow, ""};
  }
  return {};
}

}  // namespace mizzen::auth
