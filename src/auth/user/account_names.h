#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mizzen::auth {

/// The user that a service account is: "system:serviceaccount:NAMESPACE:NAME".
std::string account_user_name(std::string_view ns, std::string_view name);
/// The groups of every account of a namespace, beside system:authenticated.
std::vector<std::string> account_groups(std::string_view ns);

}  // namespace mizzen::auth
