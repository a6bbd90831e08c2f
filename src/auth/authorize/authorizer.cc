#include "auth/authorize/authorizer.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen::auth {
namespace {

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

std::string what_text(const User& user, const RequestInfo& info) {
  if (!info.is_resource)
    return fmt::format("User {} cannot {} path {}", quote(user.name), info.method, quote(info.path));
  const std::string resource =
      info.subresource.empty() ? info.resource : info.resource + "/" + info.subresource;
  const std::string scope = info.namespace_.empty()
                                ? "at the cluster scope"
                                : fmt::format("in the namespace {}", quote(info.namespace_));
  return fmt::format("User {} cannot {} resource {} in API group {} {}", quote(user.name), info.verb_text(),
                     quote(resource), quote(info.group), scope);
}

}  // namespace

Result<void> authorize(const Authorizer& authorizer, const User& user, const RequestInfo& info) {
  const Decision decision = authorizer.decide(user, info);
  if (decision.kind == Decision::Kind::Allow) return {};
  return forbidden(user, info, decision.reason);
}

Error forbidden(const User& user, const RequestInfo& info, std::string_view reason) {
  std::string why = what_text(user, info);
  if (!reason.empty()) why += fmt::format(": {}", reason);
  ErrorDetails details;
  if (!info.is_resource) return Error(Code::Forbidden, "forbidden: " + without_markup(why), details);
  details.name = info.name;
  details.group = info.group;
  details.kind = info.resource;
  std::string what = info.group.empty() ? info.resource : info.resource + "." + info.group;
  if (!info.name.empty()) what += " " + quote(info.name);
  return Error(Code::Forbidden, what + " is forbidden: " + without_markup(why), std::move(details));
}

}  // namespace mizzen::auth
