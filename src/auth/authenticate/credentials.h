#pragma once
#include <string>
#include <vector>

#include "auth/authenticate/authenticator.h"

namespace mizzen::auth {

/// A token that stands for a user. Compared in constant time.
struct StaticToken {
  std::string token;
  User user;
};

/// Role: client certificates (common name and organisations, as upstream reads them), then bearer tokens of a
/// fixed list. Threading: immutable.
class Credentials final : public Authenticator {
 public:
  explicit Credentials(std::vector<StaticToken> tokens) : tokens_(std::move(tokens)) {}
  Result<User> authenticate(const http::Request& request) const override;

 private:
  const std::vector<StaticToken> tokens_;
};

}  // namespace mizzen::auth
