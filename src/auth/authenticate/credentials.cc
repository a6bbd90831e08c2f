#include "auth/authenticate/credentials.h"

#include "base/strings.h"
#include "pki/token.h"

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
    const std::string_view token = trim(header.substr(kBearer.size()));
    const StaticToken* found = nullptr;
    for (const StaticToken& t : tokens_)  // all are compared, so that time tells nothing
      if (pki::equal_secrets(t.token, token)) found = &t;
    if (!found) return Error(Code::Unauthorized, "Unauthorized");
    User user = found->user;
    user.groups.emplace_back(kAuthenticated);
    return user;
  }
  if (!request.peer_refused.empty() || !header.empty()) return Error(Code::Unauthorized, "Unauthorized");
  return anonymous();
}

}  // namespace mizzen::auth
