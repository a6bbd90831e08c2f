#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "pki/signing_key.h"

namespace mizzen::auth {

/// Role: what tokens of service accounts are signed and proved with, and in whose name. Threading: immutable.
/// Invariants: there is an issuer, and an audience; the signer's public half is among the verifiers.
struct TokenKeys {
  std::vector<std::string> issuers;    ///< the first one's name stands in new tokens, all are believed
  std::vector<std::string> audiences;  ///< of the API server
  pki::SigningKey signer;
  std::vector<pki::VerifyingKey> verifiers;
  std::string jwks_uri;           ///< where discovery says that the keys are
  int64_t expiration_max = 0;     ///< seconds that a token may be asked for; 0: no bound
  bool extend_expiration = true;  ///< tokens that pods get by default outlive what they say by a year

  const std::string& issuer() const { return issuers.front(); }
  bool issued_by(const std::string& issuer) const;
  /// True where the API server is meant by every one of these.
  bool all_ours(const std::vector<std::string>& audiences) const;
};

/// What /.well-known/openid-configuration and /openid/v1/jwks answer, as JSON.
std::string openid_configuration(const TokenKeys& keys);
std::string json_web_keys(const TokenKeys& keys);

}  // namespace mizzen::auth
