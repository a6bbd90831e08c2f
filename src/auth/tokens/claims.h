#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mizzen::auth {

/// The issuer of tokens that stand in Secrets and never expire.
inline constexpr std::string_view kLegacyIssuer = "kubernetes/serviceaccount";

/// An object that a token names.
struct NamedObject {
  std::string name;
  std::string uid;  ///< empty where it was not known
  friend bool operator==(const NamedObject&, const NamedObject&) = default;
};

/// Role: what the token of a service account says, under upstream's names (`kubernetes.io` and the registered
/// claims of RFC 7519). Times are seconds since 1970. Threading: a plain value.
struct TokenClaims {
  std::string issuer;
  std::string subject;
  std::vector<std::string> audiences;
  std::optional<int64_t> issued, not_before, expires;
  std::string id;  ///< "jti"

  std::string namespace_;
  NamedObject account;
  std::optional<NamedObject> pod, node,
      secret;                         ///< what it is bound to; with a pod, the node is where it runs
  std::optional<int64_t> warn_after;  ///< from here on it lives on borrowed time
  friend bool operator==(const TokenClaims&, const TokenClaims&) = default;
};

/// As JSON text, in the order of names. Legacy tokens (their issuer says so) have names of their own.
std::string encode_claims(const TokenClaims& claims);
/// Reads it back; what it does not know it leaves out. BadRequest where it is no JSON object, or a claim is
/// of another kind than it must be.
Result<TokenClaims> decode_claims(std::string_view payload);

}  // namespace mizzen::auth
