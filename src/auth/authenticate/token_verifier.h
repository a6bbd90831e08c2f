#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/user/user.h"
#include "base/result.h"

namespace mizzen::auth {

/// Whom a token stands for, and for which of the audiences asked about.
struct TokenIdentity {
  User user;
  std::vector<std::string> audiences;
};

/// Role: one kind of bearer token. Threading: thread-safe; does not block.
class TokenVerifier {
 public:
  virtual ~TokenVerifier() = default;
  /// Nothing where the token is none of this kind; Unauthorized, with the reason, where it is one and no
  /// good. `audiences`: whom it must be meant for, one of them at least; empty: the API server.
  virtual Result<std::optional<TokenIdentity>> verify(std::string_view token,
                                                      const std::vector<std::string>& audiences) const = 0;
};

}  // namespace mizzen::auth
