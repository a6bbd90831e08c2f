#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

namespace mizzen::http {

/// Who a peer's certificate says it is.
struct PeerCertificate {
  std::string common_name;
  std::vector<std::string> organizations;
  std::string der;  ///< the leaf
  std::vector<std::string> dns_names;
};

/// Reads subject, names and DER of a certificate.
std::shared_ptr<const PeerCertificate> describe_certificate(x509_st* certificate);
/// Why the peer's certificate did not verify; empty where it did (or was not asked to).
std::string certificate_fault(const ssl_st* ssl);

/// Key material and rules of a server. PEM texts, not file names: who reads files is the caller's business.
struct ServerTlsOptions {
  std::string certificate_pem;  ///< leaf first, then intermediates
  std::string key_pem;
  /// Roots for client certificates; empty: none is asked for.
  std::string client_ca_pem;
  /// What happens to a client certificate that does not verify. kube-apiserver and kubelet go on without it
  /// (the request is then anonymous or has a token); refusing ends the handshake.
  bool refuse_bad_client_certificates = false;
  /// No certificate ends the handshake too.
  bool require_client_certificate = false;
  bool http2 = true;
};

/// How a client checks its server and shows itself.
struct ClientTlsOptions {
  std::string ca_pem;           ///< roots; empty: the system's
  std::string certificate_pem;  ///< empty: none
  std::string key_pem;
  std::string server_name;  ///< checked instead of the host, and sent as SNI
  bool insecure_skip_verify = false;
  bool http2 = true;
};

/// An OpenSSL context shared by connections: TLS 1.2 or later, forward secrecy, no renegotiation, no tickets.
/// Threading: immutable.
class TlsContext {
 public:
  static Result<std::shared_ptr<const TlsContext>> server(const ServerTlsOptions& options);
  static Result<std::shared_ptr<const TlsContext>> client(const ClientTlsOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* get() const { return context_; }
  const std::string& server_name() const { return server_name_; }  ///< clients: checked instead of the host
  bool http2() const { return http2_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
  bool http2_ = true;
  std::string server_name_;
};

}  // namespace mizzen::http
