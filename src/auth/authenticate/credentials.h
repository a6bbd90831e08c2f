#pragma once
#include <string_view>
#include <vector>

#include "auth/authenticate/authenticator.h"
#include "auth/authenticate/token_verifier.h"

namespace mizzen::auth {

/// Role: client certificates (common name and organisations, as upstream reads them), then bearer tokens of
/// the kinds that it is given, which must outlive it. Threading: thread-safe; does not block. Failure: what
/// is no good is Unauthorized, and whoever sent it is not told why.
class Credentials final : public Authenticator {
 public:
  explicit Credentials(std::vector<const TokenVerifier*> kinds) : kinds_(std::move(kinds)) {}
  Result<User> authenticate(const http::Request& request) const override;
  /// Whom a token stands for; Unauthorized, with the reason in upstream's words, where for nobody. For
  /// reviews. `audiences` as TokenVerifier has them.
  Result<TokenIdentity> review(std::string_view token, const std::vector<std::string>& audiences) const;

 private:
  const std::vector<const TokenVerifier*> kinds_;
};

}  // namespace mizzen::auth
