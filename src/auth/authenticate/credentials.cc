#include "auth/authenticate/credentials.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen::auth {
namespace {
constexpr std::string_view kBearer = "Bearer ";
}

Result<User> Credentials::authenticate(const http::Request& request) const {
  if (request.peer && !request.peer->common_name.empty()) {
    User user{request.peer->common_name, request.peer->organizations};
    user.groups.emplace_back(kAuthenticated);
    return user;
  }
  const std::string_view header = request.headers.get("Authorization");
  if (header.size() > kBearer.size() && iequals(header.substr(0, kBearer.size()), kBearer)) {
    auto found = review(trim(header.substr(kBearer.size())), {});
    if (!found.ok()) return Error(Code::Unauthorized, "Unauthorized");
    return std::move(found->user);
  }
  if (!request.peer_refused.empty() || !header.empty()) return Error(Code::Unauthorized, "Unauthorized");
  return anonymous();
}

Result<TokenIdentity> Credentials::review(std::string_view token,
                                          const std::vector<std::string>& audiences) const {
  std::string reasons = "invalid bearer token";
  bool known = false;
  for (const TokenVerifier* kind : kinds_) {
    auto found = kind->verify(token, audiences);
    if (!found.ok()) {
      known = true;
      reasons += ", " + found.error().message();
    } else if (*found) {
      (*found)->user.groups.emplace_back(kAuthenticated);
      return std::move(**found);
    }
  }
  return Error(Code::Unauthorized, known ? fmt::format("[{}]", reasons) : reasons);
}

}  // namespace mizzen::auth
