#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mizzen::pki {

/// Role: the public half of a key that signs tokens (RFC 7515, 7517). RSA keys speak RS256; elliptic ones of
/// P-256, P-384 and P-521 speak ES256, ES384 and ES512, as upstream has them. Threading: immutable; copies
/// share the key.
class VerifyingKey {
 public:
  struct Rep;
  explicit VerifyingKey(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

  /// SHA-256 of the key's public form (DER of SubjectPublicKeyInfo) in URL-safe base64: what upstream names
  /// a key by in `kid`.
  const std::string& id() const;
  const std::string& algorithm() const;
  /// The key as a JSON Web Key.
  const std::string& jwk() const;
  /// PEM of the public key.
  Result<std::string> pem() const;
  /// True where `signature`, in the form of RFC 7518, is this key's of `data`.
  bool verify(std::string_view data, std::string_view signature) const;

 private:
  std::shared_ptr<const Rep> rep_;
};

/// Role: a private key that signs tokens. Threading: immutable; copies share the key. Secret: never log it.
class SigningKey {
 public:
  struct Rep;
  explicit SigningKey(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

  /// A new P-256 key.
  static Result<SigningKey> create();
  /// BadRequest where there is no private key in the text, or one of a kind that signs no tokens.
  static Result<SigningKey> from_pem(std::string_view pem);

  const VerifyingKey& public_key() const;
  /// PKCS #8.
  Result<std::string> pem() const;
  /// The signature in the form of RFC 7518: of elliptic keys the two numbers side by side.
  Result<std::string> sign(std::string_view data) const;

 private:
  std::shared_ptr<const Rep> rep_;
};

/// Every key in the text: public keys, those of certificates, and the public halves of private keys.
/// BadRequest where there is none, or one that verifies no tokens.
Result<std::vector<VerifyingKey>> read_verifying_keys(std::string_view pem);

/// The signing key kept at `folder/name.key` (0600), with its public half at `folder/name.pub`; created at
/// the first call. Never replaces one that exists, even where it cannot be read: that would make every token
/// worthless. Forbidden where others than the owner may read it.
Result<SigningKey> ensure_signing_key(const std::string& folder, const std::string& name);

}  // namespace mizzen::pki
