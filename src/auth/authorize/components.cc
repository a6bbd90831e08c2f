#include "auth/authorize/components.h"

namespace mizzen::auth {
namespace {

constexpr std::string_view kPublic[] = {"/healthz", "/livez", "/readyz", "/version"};
constexpr std::string_view kDiscovery[] = {"/api", "/apis", "/openapi"};
/// Who issues tokens, and the keys that prove them.
constexpr std::string_view kIssuer[] = {"/.well-known/openid-configuration", "/openid/v1/jwks"};
constexpr std::string_view kAccounts = "system:serviceaccounts";

bool is_below(std::string_view path, std::span<const std::string_view> roots) {
  for (const std::string_view root : roots)
    if (path == root || (path.starts_with(root) && path[root.size()] == '/')) return true;
  return false;
}

bool is_component(const User& user) {
  return user.name == "system:kube-controller-manager" || user.name == "system:kube-scheduler" ||
         (user.in("system:nodes") && user.name.starts_with("system:node:"));
}

bool asks_who_it_is(const RequestInfo& info) {
  return info.is_resource && info.verb == api::Verb::Create && info.group == "authentication.k8s.io" &&
         info.resource == "selfsubjectreviews";
}

}  // namespace

Decision ComponentAuthorizer::decide(const User& user, const RequestInfo& info) const {
  if (user.in(kMasters) || is_component(user)) return {Decision::Kind::Allow, ""};
  if (!info.is_resource && info.method == "get") {
    if (is_below(info.path, kPublic)) return {Decision::Kind::Allow, ""};
    if (user.in(kAuthenticated) && is_below(info.path, kDiscovery)) return {Decision::Kind::Allow, ""};
    if (user.in(kAccounts) && is_below(info.path, kIssuer)) return {Decision::Kind::Allow, ""};
  }
  if (asks_who_it_is(info) && user.in(kAuthenticated)) return {Decision::Kind::Allow, ""};
  return {};
}

}  // namespace mizzen::auth
