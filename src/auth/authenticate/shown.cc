#include "auth/authenticate/shown.h"

#include "base/strings.h"

namespace mizzen::auth {
namespace {
constexpr std::string_view kBearer = "Bearer ";
}

std::optional<User> certificate_user(const http::Request& request) {
  if (!request.peer || request.peer->common_name.empty()) return std::nullopt;
  User user{request.peer->common_name, request.peer->organizations};
  user.groups.emplace_back(kAuthenticated);
  return user;
}

std::string_view bearer_token(const http::Request& request) {
  const std::string_view header = request.headers.get("Authorization");
  if (header.size() <= kBearer.size() || !iequals(header.substr(0, kBearer.size()), kBearer)) return {};
  return trim(header.substr(kBearer.size()));
}

}  // namespace mizzen::auth
