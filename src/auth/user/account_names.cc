#include "auth/user/account_names.h"

#include <fmt/format.h>

namespace mizzen::auth {

std::string account_user_name(std::string_view ns, std::string_view name) {
  return fmt::format("system:serviceaccount:{}:{}", ns, name);
}

std::vector<std::string> account_groups(std::string_view ns) {
  return {"system:serviceaccounts", fmt::format("system:serviceaccounts:{}", ns)};
}

}  // namespace mizzen::auth
