#pragma once
#include <map>
#include <string>
#include <vector>

#include "apiserver/request/request_info.h"
#include "base/result.h"
#include "http/exchange/exchange.h"

namespace mizzen::apiserver {

/// Who sent a request.
struct User {
  std::string name;
  std::vector<std::string> groups;
  bool anonymous() const { return name == "system:anonymous"; }
  bool in(std::string_view group) const;
};

/// Tokens that stand for users; the admin's own is made at first start. Compared in constant time.
struct StaticToken {
  std::string token;
  User user;
};

/// Role: who are you (client certificate, then bearer token) and may you (until roles exist: system:masters
/// may all, Mizzen's own components what they need, everybody else health and version). Threading: immutable.
class Gate {
 public:
  explicit Gate(std::vector<StaticToken> tokens) : tokens_(std::move(tokens)) {}
  /// Unauthorized for a certificate or token that is no good; no credentials at all is system:anonymous.
  Result<User> identify(const http::Request& request) const;
  /// Forbidden with upstream's text; Unauthorized for the anonymous.
  Result<void> authorize(const User& user, const RequestInfo& info, std::string_view path) const;

 private:
  const std::vector<StaticToken> tokens_;
};

}  // namespace mizzen::apiserver
