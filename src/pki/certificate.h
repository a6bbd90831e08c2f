#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mizzen::pki {

/// A certificate (chain, leaf first) and its private key, both PEM. The key is secret: never log it.
struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

/// What a certificate says. Times are UTC with a resolution of one second.
struct CertificateInfo {
  std::string common_name;
  std::vector<std::string> organisations;  ///< in the order of the certificate
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  ///< canonical text: 10.0.0.1, ::1
  std::string serial_hex;
  std::string issuer_common_name;
  WallTime not_before;
  WallTime not_after;
  bool authority = false;
  bool server_use = false;  ///< extended key usage allows TLS servers
  bool client_use = false;  ///< extended key usage allows TLS clients
};

/// Reads the first certificate in the PEM text. BadRequest where there is none or it is malformed.
Result<CertificateInfo> parse_certificate(std::string_view pem);
/// The same from DER bytes, as a TLS library hands out the peer's certificate.
Result<CertificateInfo> parse_certificate_der(std::string_view der);

/// What a certificate is to be good for when it is verified.
enum class Purpose { Server, Client };

/// Unauthorized unless the first certificate of `pem` was signed, directly or over the others in `pem`, by
/// one of the authorities in `authorities_pem`, is within its time at `now`, and is allowed for `purpose`.
Result<CertificateInfo> verify_certificate(std::string_view pem, std::string_view authorities_pem,
                                           Purpose purpose, WallTime now);

/// True where the key belongs to the first certificate.
bool key_matches(const KeyPair& pair);

}  // namespace mizzen::pki
