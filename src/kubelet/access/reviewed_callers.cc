#include "kubelet/access/reviewed_callers.h"

#include "auth/authenticate/shown.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

/// One text for all that a decision depends on; parts are told apart by a byte that no name has.
std::string key_of(const auth::User& user, const std::string& verb, const std::string& subresource) {
  std::string out = user.name + '\0' + verb + '\0' + subresource;
  for (const std::string& group : user.groups) out += '\0' + group;
  return out;
}

}  // namespace

Result<auth::User> ReviewedCallers::identify(const http::Request& request, Deadline deadline) {
  if (auto user = auth::certificate_user(request)) return std::move(*user);
  const Error unauthorized(Code::Unauthorized, "Unauthorized");
  const std::string token(auth::bearer_token(request));
  if (token.empty()) return unauthorized;
  auto known = tokens_.find(token);
  if (!known) {
    auto asked = reviews_.token(token, deadline);
    if (!asked.ok()) {
      log::warn("kubelet", "a caller's token cannot be reviewed", {log::kv("err", asked.error().message())});
      return unauthorized;
    }
    tokens_.keep(token, *asked, options_.token_good_for);
    known = std::move(*asked);
  }
  if (!*known) return unauthorized;
  return **known;
}

Result<bool> ReviewedCallers::allows(const auth::User& user, const std::string& verb,
                                     const std::string& subresource, Deadline deadline) {
  const std::string key = key_of(user, verb, subresource);
  if (const auto known = decisions_.find(key)) return *known;
  auto asked = reviews_.access(user, verb, subresource, deadline);
  if (!asked.ok() && asked.error().code() == Code::NotFound) asked = user.in(auth::kMasters);
  if (asked.ok()) decisions_.keep(key, *asked, *asked ? options_.yes_good_for : options_.no_good_for);
  return asked;
}

}  // namespace mizzen::kubelet
