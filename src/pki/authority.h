#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "pki/certificate.h"

namespace mizzen::pki {

inline constexpr Duration kAuthorityLifetime = std::chrono::hours(24 * 3650);
inline constexpr Duration kCertificateLifetime = std::chrono::hours(24 * 365);
/// Certificates start this long before now, for peers whose clock is behind.
inline constexpr Duration kClockTolerance = std::chrono::minutes(5);

/// What to put into a certificate. A server certificate without names, or one without any use, is refused
/// (BadRequest).
struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> organisations = {};
  std::vector<std::string> dns_names = {};
  std::vector<std::string> ip_addresses = {};
  bool server = false;
  bool client = false;
  Duration lifetime = kCertificateLifetime;
};

/// A certificate authority: an ECDSA P-256 key and its self-signed certificate; issues certificates for keys
/// it makes. Keeps no list of what it issued; revocation is expiry. Threading: immutable, so thread-safe.
/// Bounds: a certificate never outlives the authority: its end is cut to the authority's.
class Authority {
 public:
  static Result<Authority> create(const std::string& common_name, WallTime now,
                                  Duration lifetime = kAuthorityLifetime);
  /// BadRequest where the text is malformed, the key does not belong to the certificate, or it is not an
  /// authority's.
  static Result<Authority> from_pem(const KeyPair& pair);
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  /// A new key with a certificate signed by this authority.
  Result<KeyPair> issue(const CertificateRequest& request, WallTime now) const;
  const std::string& certificate_pem() const;
  const KeyPair& pair() const;

 private:
  struct Rep;
  explicit Authority(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

/// A new ECDSA P-256 key, PEM (PKCS#8): for signing service account tokens and the like.
Result<std::string> generate_key();
/// The public half of a private key, PEM.
Result<std::string> public_key(std::string_view key_pem);

}  // namespace mizzen::pki
