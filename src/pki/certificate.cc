#include "pki/certificate.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>

#include "base/strings.h"
#include "pki/internal/openssl.h"

namespace mizzen::pki {
namespace internal {

Error openssl_error(Code code, std::string_view doing) {
  const unsigned long number = ERR_get_error();
  const char* why = number ? ERR_reason_error_string(number) : nullptr;
  ERR_clear_error();
  return Error(code, fmt::format("{}: {}", doing, why ? why : "refused by OpenSSL"));
}

BioPtr reader(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

X509Ptr next_certificate(BIO* bio) {
  X509Ptr out(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  if (!out) ERR_clear_error();
  return out;
}

Result<X509Ptr> read_certificate(std::string_view pem) {
  auto bio = reader(pem);
  auto out = bio ? next_certificate(bio.get()) : nullptr;
  if (!out) return Error(Code::BadRequest, "no certificate in the PEM text");
  return out;
}

Result<KeyPtr> read_key(std::string_view pem) {
  auto bio = reader(pem);
  // A key that asks for a password must not make OpenSSL ask the terminal.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  KeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr) : nullptr);
  if (!key) return openssl_error(Code::BadRequest, "no usable private key in the PEM text");
  return key;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

Result<KeyPtr> new_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return openssl_error(Code::InternalError, "generate key");
  return key;
}

Result<std::string> key_text(EVP_PKEY* key) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_error(Code::InternalError, "encode key");
  }
  return text_of(bio.get());
}

}  // namespace internal

namespace {
using namespace internal;

std::string text_of_string(const ASN1_STRING* s) {
  unsigned char* utf8 = nullptr;
  const int n = ASN1_STRING_to_UTF8(&utf8, s);
  if (n < 0) return {};
  std::string out(reinterpret_cast<char*>(utf8), static_cast<size_t>(n));
  OPENSSL_free(utf8);
  return out;
}

std::vector<std::string> entries(const X509_NAME* name, int nid) {
  std::vector<std::string> out;
  for (int i = -1; (i = X509_NAME_get_index_by_NID(name, nid, i)) >= 0;) {
    out.push_back(text_of_string(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i))));
  }
  return out;
}

WallTime time_of(const ASN1_TIME* t) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(t, &tm) != 1) return WallTime{};
  return WallTime(std::chrono::seconds(::timegm(&tm)));
}

void read_alternative_names(X509* cert, CertificateInfo& out) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) {
      out.dns_names.push_back(text_of_string(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      char text[INET6_ADDRSTRLEN] = {};
      const int n = ASN1_STRING_length(name->d.iPAddress);
      const auto* bytes = ASN1_STRING_get0_data(name->d.iPAddress);
      if ((n == 4 || n == 16) && ::inet_ntop(n == 4 ? AF_INET : AF_INET6, bytes, text, sizeof text)) {
        out.ip_addresses.emplace_back(text);
      }
    }
  }
  if (names) GENERAL_NAMES_free(names);
}

CertificateInfo describe(X509* cert) {
  CertificateInfo out;
  const X509_NAME* subject = X509_get_subject_name(cert);
  auto common = entries(subject, NID_commonName);
  if (!common.empty()) out.common_name = common.front();
  out.organisations = entries(subject, NID_organizationName);
  auto issuer = entries(X509_get_issuer_name(cert), NID_commonName);
  if (!issuer.empty()) out.issuer_common_name = issuer.front();
  read_alternative_names(cert, out);
  const ASN1_INTEGER* serial = X509_get0_serialNumber(cert);
  out.serial_hex = hex_encode({reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                               static_cast<size_t>(ASN1_STRING_length(serial))});
  out.not_before = time_of(X509_get0_notBefore(cert));
  out.not_after = time_of(X509_get0_notAfter(cert));
  out.authority = X509_check_ca(cert) == 1;
  const uint32_t use = X509_get_extended_key_usage(cert);  // UINT32_MAX where there is no such extension
  out.server_use = (use & XKU_SSL_SERVER) != 0;
  out.client_use = (use & XKU_SSL_CLIENT) != 0;
  return out;
}

}  // namespace

Result<CertificateInfo> parse_certificate(std::string_view pem) {
  MZ_ASSIGN(auto cert, read_certificate(pem));
  return describe(cert.get());
}

Result<CertificateInfo> parse_certificate_der(std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  X509Ptr cert(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  if (!cert) return openssl_error(Code::BadRequest, "malformed certificate");
  return describe(cert.get());
}

Result<CertificateInfo> verify_certificate(std::string_view pem, std::string_view authorities_pem,
                                           Purpose purpose, WallTime now) {
  auto chain_bio = reader(pem);
  auto leaf = chain_bio ? next_certificate(chain_bio.get()) : nullptr;
  if (!leaf) return Error(Code::Unauthorized, "no certificate in the PEM text");
  std::vector<X509Ptr> others;
  const auto free_stack = [](STACK_OF(X509) * stack) { sk_X509_free(stack); };
  const std::unique_ptr<STACK_OF(X509), decltype(free_stack)> untrusted(sk_X509_new_null(), free_stack);
  if (!untrusted) return openssl_error(Code::InternalError, "certificate chain");
  while (auto next = next_certificate(chain_bio.get())) {
    sk_X509_push(untrusted.get(), next.get());
    others.push_back(std::move(next));
  }
  StorePtr store(X509_STORE_new());
  auto authorities = reader(authorities_pem);
  while (auto ca = next_certificate(authorities.get())) X509_STORE_add_cert(store.get(), ca.get());
  StoreCtxPtr ctx(X509_STORE_CTX_new());
  if (!ctx || X509_STORE_CTX_init(ctx.get(), store.get(), leaf.get(), untrusted.get()) != 1) {
    return openssl_error(Code::InternalError, "certificate verification");
  }
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(ctx.get());
  X509_VERIFY_PARAM_set_time(
      param, std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  X509_STORE_CTX_set_purpose(ctx.get(),
                             purpose == Purpose::Server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  if (X509_verify_cert(ctx.get()) != 1) {
    const char* why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx.get()));
    ERR_clear_error();
    return Error(Code::Unauthorized, fmt::format("certificate is not acceptable: {}", why));
  }
  return describe(leaf.get());
}

bool key_matches(const KeyPair& pair) {
  auto cert = read_certificate(pair.certificate_pem);
  auto key = read_key(pair.key_pem);
  const bool ok = cert.ok() && key.ok() && X509_check_private_key(cert->get(), key->get()) == 1;
  ERR_clear_error();
  return ok;
}

}  // namespace mizzen::pki
