#include "http/tls/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstring>

namespace mizzen::http {
namespace {

// What Go offers by default with TLS 1.2: forward secrecy and AEAD only. TLS 1.3 suites are OpenSSL's own.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Error tls_error(std::string_view what) {
  const unsigned long code = ERR_peek_last_error();
  std::string text(what);
  if (code != 0) {
    if (const char* reason = ERR_reason_error_string(code); reason != nullptr)
      text += std::string(": ") + reason;
  }
  ERR_clear_error();
  return Error(Code::BadRequest, std::move(text));
}

Owned<BIO> memory_bio(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int refuse_password(char*, int, int, void*) { return 0; }

Result<std::vector<Owned<X509>>> read_certificates(const std::string& pem, std::string_view what) {
  std::vector<Owned<X509>> out;
  Owned<BIO> bio = memory_bio(pem);
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, refuse_password, nullptr)) out.emplace_back(next);
  const unsigned long code = ERR_peek_last_error();
  if (ERR_GET_REASON(code) != PEM_R_NO_START_LINE && code != 0) return tls_error(what);
  ERR_clear_error();
  if (out.empty()) return Error(Code::BadRequest, std::string(what) + ": no PEM certificate in it");
  return out;
}

Result<void> use_identity(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem) {
  MZ_ASSIGN(std::vector<Owned<X509>> chain, read_certificates(certificate_pem, "certificate"));
  Owned<BIO> bio = memory_bio(key_pem);
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_password, nullptr));
  if (!key) return tls_error("private key");
  if (SSL_CTX_use_certificate(context, chain[0].get()) != 1) return tls_error("certificate");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return tls_error("private key does not match the certificate");
  for (size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) return tls_error("certificate chain");
  return {};
}

Result<void> trust(SSL_CTX* context, const std::string& ca_pem, bool announce) {
  MZ_ASSIGN(std::vector<Owned<X509>> roots, read_certificates(ca_pem, "CA bundle"));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (auto& root : roots) {
    if (X509_STORE_add_cert(store, root.get()) != 1) return tls_error("CA bundle");
    if (announce && SSL_CTX_add_client_CA(context, root.get()) != 1) return tls_error("CA bundle");
  }
  return {};
}

Result<SSL_CTX*> new_context(const SSL_METHOD* method) {
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) return tls_error("cannot make a TLS context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphers);
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A peer that ends without close_notify is common (Go does on resets); HTTP's own framing tells truncation.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(context, 0);
  return context;
}

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                unsigned length, void* http2) {
  static constexpr unsigned char kBoth[] = "\x02h2\x08http/1.1";
  static constexpr unsigned char kOne[] = "\x08http/1.1";
  const unsigned char* ours = http2 != nullptr ? kBoth : kOne;
  const unsigned ours_length = http2 != nullptr ? sizeof(kBoth) - 1 : sizeof(kOne) - 1;
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, ours, ours_length, in, length) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;  // nothing in common: HTTP/1.1 without a name, as before ALPN
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int refusal_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// The handshake goes on; the first fault is kept with the session and certificate_fault() tells it.
int note_and_go_on(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return 1;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto fault = static_cast<intptr_t>(X509_STORE_CTX_get_error(store));
  if (ssl != nullptr && SSL_get_ex_data(ssl, refusal_index()) == nullptr)
    SSL_set_ex_data(ssl, refusal_index(), reinterpret_cast<void*>(fault));
  return 1;
}

}  // namespace

std::string certificate_fault(const ssl_st* ssl) {
  long fault = SSL_get_verify_result(ssl);
  if (void* noted = SSL_get_ex_data(ssl, refusal_index()); noted != nullptr)
    fault = static_cast<long>(reinterpret_cast<intptr_t>(noted));
  return fault == X509_V_OK ? std::string() : X509_verify_cert_error_string(fault);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const ServerTlsOptions& options) {
  MZ_ASSIGN(SSL_CTX * raw, new_context(TLS_server_method()));
  std::shared_ptr<TlsContext> out(new TlsContext(raw));
  MZ_TRY(use_identity(raw, options.certificate_pem, options.key_pem));
  if (!options.client_ca_pem.empty()) {
    MZ_TRY(trust(raw, options.client_ca_pem, true));
    int mode = SSL_VERIFY_PEER;
    if (options.require_client_certificate) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    const bool strict = options.refuse_bad_client_certificates || options.require_client_certificate;
    SSL_CTX_set_verify(raw, mode, strict ? nullptr : note_and_go_on);
    SSL_CTX_set_purpose(raw, X509_PURPOSE_SSL_CLIENT);
  }
  static char on = 1;
  SSL_CTX_set_alpn_select_cb(raw, choose_alpn, options.http2 ? &on : nullptr);
  return std::shared_ptr<const TlsContext>(std::move(out));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const ClientTlsOptions& options) {
  MZ_ASSIGN(SSL_CTX * raw, new_context(TLS_client_method()));
  std::shared_ptr<TlsContext> out(new TlsContext(raw));
  if (!options.certificate_pem.empty()) MZ_TRY(use_identity(raw, options.certificate_pem, options.key_pem));
  if (options.insecure_skip_verify) {
    SSL_CTX_set_verify(raw, SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    if (!options.ca_pem.empty()) {
      MZ_TRY(trust(raw, options.ca_pem, false));
    } else if (SSL_CTX_set_default_verify_paths(raw) != 1) {
      return tls_error("the system's CA certificates");
    }
  }
  out->server_name_ = options.server_name;
  out->http2_ = options.http2;
  return std::shared_ptr<const TlsContext>(std::move(out));
}

std::shared_ptr<const PeerCertificate> describe_certificate(X509* certificate) {
  auto out = std::make_shared<PeerCertificate>();
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int count = X509_NAME_entry_count(subject);
  for (int i = 0; i < count; ++i) {
    X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
    const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    if (nid != NID_commonName && nid != NID_organizationName) continue;
    unsigned char* text = nullptr;
    const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (length < 0) continue;
    std::string value(reinterpret_cast<const char*>(text), static_cast<size_t>(length));
    OPENSSL_free(text);
    if (nid == NID_commonName) {
      out->common_name = std::move(value);  // the last one counts, as in Go
    } else {
      out->organizations.push_back(std::move(value));
    }
  }
  Owned<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const ASN1_STRING* text = name->d.dNSName;
    out->dns_names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                static_cast<size_t>(ASN1_STRING_length(text)));
  }
  unsigned char* der = nullptr;
  if (const int length = i2d_X509(certificate, &der); length > 0) {
    out->der.assign(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
    OPENSSL_free(der);
  }
  return out;
}

}  // namespace mizzen::http
