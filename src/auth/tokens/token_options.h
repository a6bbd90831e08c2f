#pragma once
#include <string>
#include <vector>

#include "auth/tokens/token_keys.h"
#include "base/clock.h"

namespace mizzen::auth {

/// Role: how tokens of service accounts are to be signed and proved; upstream's flags of an API server.
/// Threading: a plain value.
struct TokenOptions {
  /// --service-account-issuer: the first signs, all are believed.
  std::vector<std::string> issuers = {"https://kubernetes.default.svc.cluster.local"};
  std::vector<std::string> audiences;  ///< --api-audiences; empty: the issuers
  std::string signing_key_file;        ///< --service-account-signing-key-file; empty: one is made and kept
  std::vector<std::string> key_files;  ///< --service-account-key-file: what else proves a token
  std::string jwks_uri;                ///< --service-account-jwks-uri; empty: this server's
  Duration expiration_max{};           ///< --service-account-max-token-expiration; 0: no bound
  bool extend_expiration = true;       ///< --service-account-extend-token-expiration
};

/// Reads the keys. `folder`: where a key is made and kept (sa.key, sa.pub) if none is named; `address`: host
/// and port of this server, for discovery. Errors name the flag.
Result<TokenKeys> open_token_keys(const TokenOptions& options, const std::string& folder,
                                  const std::string& address);

/// True where OpenID discovery may name this issuer: an https URL with neither query nor fragment.
bool discoverable(const std::string& issuer);

}  // namespace mizzen::auth
