#include "auth/authenticate/credentials.h"

#include <fmt/format.h>

#include "auth/authenticate/shown.h"

namespace mizzen::auth {

Result<User> Credentials::authenticate(const http::Request& request) const {
  if (auto user = certificate_user(request)) return std::move(*user);
  if (const std::string_view token = bearer_token(request); !token.empty()) {
    auto found = review(token, {});
    if (!found.ok()) return Error(Code::Unauthorized, "Unauthorized");
    return std::move(found->user);
  }
  if (!request.peer_refused.empty() || !request.headers.get("Authorization").empty())
    return Error(Code::Unauthorized, "Unauthorized");
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
