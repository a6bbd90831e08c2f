#include "kubelet/access/known_callers.h"

#include <algorithm>

namespace mizzen::kubelet {

Result<auth::User> KnownCallers::identify(const http::Request& request, Deadline) {
  if (!request.peer) return Error(Code::Unauthorized, "Unauthorized");
  return auth::User{request.peer->common_name, request.peer->organizations};
}

Result<bool> KnownCallers::allows(const auth::User& user, const std::string&, const std::string&, Deadline) {
  const auto has = [](const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  return has(options_.names, user.name) ||
         std::any_of(user.groups.begin(), user.groups.end(),
                     [&](const auto& g) { return has(options_.organisations, g); });
}

}  // namespace mizzen::kubelet
