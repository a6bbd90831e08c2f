#include "apiserver/request/identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "pki/token.h"

namespace mizzen::apiserver {
namespace {

constexpr std::string_view kPublicPaths[] = {"/healthz", "/livez", "/readyz", "/version"};

bool is_public(std::string_view path) {
  for (std::string_view p : kPublicPaths)
    if (path == p || (path.starts_with(p) && path.size() > p.size() && path[p.size()] == '/')) return true;
  return false;
}

bool is_component(const User& user) {
  return user.name == "system:kube-controller-manager" || user.name == "system:kube-scheduler" ||
         (user.in("system:nodes") && user.name.starts_with("system:node:"));
}

/// A refusal names what the client sent: nothing of it may read as HTML.
std::string without_markup(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string forbidden_text(const User& user, const RequestInfo& info, std::string_view path) {
  if (!info.is_resource)
    return "forbidden: " +
           without_markup(fmt::format("User {} cannot {} path {}", quote(user.name), info.verb, quote(path)));
  const std::string resource =
      info.subresource.empty() ? info.resource : info.resource + "/" + info.subresource;
  std::string what = info.group.empty() ? info.resource : info.resource + "." + info.group;
  if (!info.name.empty()) what += " " + quote(info.name);
  const std::string scope = info.namespace_.empty()
                                ? "at the cluster scope"
                                : fmt::format("in the namespace {}", quote(info.namespace_));
  return what + " is forbidden: " +
         without_markup(fmt::format("User {} cannot {} resource {} in API group {} {}", quote(user.name),
                                    info.verb, quote(resource), quote(info.group), scope));
}

}  // namespace

bool User::in(std::string_view group) const {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

Result<User> Gate::identify(const http::Request& request) const {
  if (request.peer) {
    User user{request.peer->common_name, request.peer->organizations};
    if (!user.name.empty()) {
      user.groups.push_back("system:authenticated");
      return user;
    }
  }
  const std::string_view header = request.headers.get("Authorization");
  if (header.size() > 7 && iequals(header.substr(0, 7), "Bearer ")) {
    const std::string_view token = trim(header.substr(7));
    const StaticToken* found = nullptr;
    for (const StaticToken& t : tokens_)  // all are compared, so that time tells nothing
      if (pki::equal_secrets(t.token, token)) found = &t;
    if (!found) return Error(Code::Unauthorized, "Unauthorized");
    User user = found->user;
    user.groups.push_back("system:authenticated");
    return user;
  }
  if (!request.peer_refused.empty() || !header.empty()) return Error(Code::Unauthorized, "Unauthorized");
  return User{"system:anonymous", {"system:unauthenticated"}};
}

Result<void> Gate::authorize(const User& user, const RequestInfo& info, std::string_view path) const {
  if (user.in("system:masters") || is_component(user)) return {};
  if (!info.is_resource && info.verb == "get" && is_public(path)) return {};
  if (user.anonymous()) return Error(Code::Unauthorized, "Unauthorized");
  // Everybody who is known may look up what the API is.
  if (!info.is_resource && info.verb == "get" &&
      (path == "/api" || path == "/apis" || path.starts_with("/api/") || path.starts_with("/apis/") ||
       path.starts_with("/openapi/")))
    return {};
  ErrorDetails details;
  details.name = info.name;
  details.group = info.group;
  details.kind = info.resource;
  return Error(Code::Forbidden, forbidden_text(user, info, path), std::move(details));
}

}  // namespace mizzen::apiserver
