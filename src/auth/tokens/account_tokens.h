#pragma once
#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/mutex.h"
#include "auth/authenticate/token_verifier.h"
#include "auth/tokens/bound_objects.h"
#include "auth/tokens/claims.h"
#include "auth/tokens/jwt.h"
#include "auth/tokens/token_keys.h"

namespace mizzen::auth {

/// Clocks may differ by so much; what goes is still believed for as long.
inline constexpr Duration kTokenLeeway = std::chrono::seconds(60);

/// Why these claims are not good now: upstream's text; nothing where they are. Looks at times, then at the
/// account and what the token is bound to. Pure but for `objects`.
std::optional<std::string> why_invalid(const TokenClaims& claims, WallTime now, const BoundObjects& objects);
/// The user that good claims stand for.
User user_of(const TokenClaims& claims);

/// Role: tokens of service accounts: signed by a key of ours, in the name of an issuer of ours, in time, for
/// the right audience, and bound to objects that are still there: what they are bound to is looked at each
/// time, so a token ends with its pod. Threading: thread-safe. Bounds: remembers the claims of kRemembered
/// signatures or twice that, so that a proof is worth more than one request.
class AccountTokens final : public TokenVerifier {
 public:
  static constexpr size_t kRemembered = 1024;
  AccountTokens(const TokenKeys& keys, const BoundObjects& objects, const Clock& clock)
      : keys_(keys), objects_(objects), clock_(clock) {}
  Result<std::optional<TokenIdentity>> verify(std::string_view token,
                                              const std::vector<std::string>& audiences) const override;

 private:
  using ClaimsPtr = std::shared_ptr<const TokenClaims>;
  /// The claims of a token that a key of ours signed; null where an issuer is named that is none of ours.
  Result<ClaimsPtr> proved(std::string_view token) const;
  ClaimsPtr remembered(const std::string& digest) const;
  void remember(const std::string& digest, const ClaimsPtr& claims) const;

  const TokenKeys& keys_;
  const BoundObjects& objects_;
  const Clock& clock_;
  mutable Mutex m_;
  /// By the token's SHA-256. The older half goes when the newer one is full.
  mutable std::array<std::unordered_map<std::string, ClaimsPtr>, 2> proofs_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::auth
