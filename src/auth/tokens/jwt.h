#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "pki/signing_key.h"

namespace mizzen::auth {

/// What one token may be long: a bearer token is a header of a request.
inline constexpr size_t kTokenBytesMax = 16 * 1024;

/// Role: a signed token taken apart (RFC 7515, compact form); nothing of it is proved before its signature
/// is. Threading: a plain value.
struct Jwt {
  std::string algorithm;    ///< of the header: "alg"
  std::string key_id;       ///< "kid"; empty where it names none
  std::string payload;      ///< the claims, as JSON text
  std::string signed_part;  ///< what the signature is of
  std::string signature;
};

/// Takes a token apart. Pure. BadRequest where it is not three parts of URL-safe base64 with a JSON object
/// for a header, and where it is longer than kTokenBytesMax.
Result<Jwt> parse_jwt(std::string_view token);

/// True where this key signed it, under the algorithm that its header names.
bool signed_by(const Jwt& token, const pki::VerifyingKey& key);

/// A token with this JSON text for claims.
Result<std::string> sign_jwt(const pki::SigningKey& key, std::string_view payload);

}  // namespace mizzen::auth
