#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mizzen::auth {

inline constexpr std::string_view kAnonymous = "system:anonymous";
inline constexpr std::string_view kUnauthenticated = "system:unauthenticated";
inline constexpr std::string_view kAuthenticated = "system:authenticated";
inline constexpr std::string_view kMasters = "system:masters";

/// Who sent a request. Threading: a plain value.
struct User {
  std::string name;
  std::vector<std::string> groups;
  std::string uid{};                                        ///< empty where the credentials tell none
  std::map<std::string, std::vector<std::string>> extra{};  ///< what else they tell
  bool in(std::string_view group) const {
    return std::find(groups.begin(), groups.end(), group) != groups.end();
  }
};

/// A request without credentials.
inline User anonymous() { return {std::string(kAnonymous), {std::string(kUnauthenticated)}}; }

}  // namespace mizzen::auth
