#include "pki/authority.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "pki/internal/openssl.h"

namespace mizzen::pki {

using namespace internal;

struct Authority::Rep {
  X509Ptr cert;
  KeyPtr key;
  KeyPair pair;
};

namespace {

time_t seconds_of(WallTime t) {
  return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}

Result<std::string> certificate_text(X509* cert) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), cert) != 1)
    return openssl_error(Code::InternalError, "encode certificate");
  return text_of(bio.get());
}

bool add_entry(X509_NAME* name, const char* field, const std::string& value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_extension(X509* cert, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* ext = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str());
  if (!ext) return false;
  const bool ok = X509_add_ext(cert, ext, -1) == 1;
  X509_EXTENSION_free(ext);
  return ok;
}

bool set_serial(X509* cert) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);  // positive and always of the same length
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  const bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
  BN_free(number);
  return ok;
}

bool set_times(X509* cert, WallTime now, Duration lifetime, const X509* issuer) {
  if (!ASN1_TIME_set(X509_getm_notBefore(cert), seconds_of(now - kClockTolerance))) return false;
  if (!ASN1_TIME_set(X509_getm_notAfter(cert), seconds_of(now + lifetime))) return false;
  if (issuer && ASN1_TIME_compare(X509_get0_notAfter(cert), X509_get0_notAfter(issuer)) > 0) {
    return X509_set1_notAfter(cert, X509_get0_notAfter(issuer)) == 1;
  }
  return true;
}

/// Adds the names through OpenSSL's structures and not its text syntax, in which a name could smuggle in
/// others.
Result<void> add_alternative_names(X509* cert, const CertificateRequest& request) {
  if (request.dns_names.empty() && request.ip_addresses.empty()) return {};
  std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>> names(GENERAL_NAMES_new());
  const auto add = [&](int type, const void* data, size_t size) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_STRING* text = type == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
    ASN1_STRING_set(text, data, static_cast<int>(size));
    GENERAL_NAME_set0_value(name, type, text);
    sk_GENERAL_NAME_push(names.get(), name);
  };
  for (const auto& dns : request.dns_names) add(GEN_DNS, dns.data(), dns.size());
  for (const auto& ip : request.ip_addresses) {
    unsigned char bytes[16];
    if (::inet_pton(AF_INET, ip.c_str(), bytes) == 1) {
      add(GEN_IPADD, bytes, 4);
    } else if (::inet_pton(AF_INET6, ip.c_str(), bytes) == 1) {
      add(GEN_IPADD, bytes, 16);
    } else {
      return Error(Code::BadRequest, fmt::format("{} is not an IP address", ip));
    }
  }
  if (X509_add1_ext_i2d(cert, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) != 1) {
    return openssl_error(Code::InternalError, "alternative names");
  }
  return {};
}

Result<X509Ptr> blank_certificate(const CertificateRequest& request, EVP_PKEY* key, WallTime now,
                                  const X509* issuer) {
  X509Ptr cert(X509_new());
  if (!cert || X509_set_version(cert.get(), X509_VERSION_3) != 1 || !set_serial(cert.get()) ||
      !set_times(cert.get(), now, request.lifetime, issuer) || X509_set_pubkey(cert.get(), key) != 1) {
    return openssl_error(Code::InternalError, "make certificate");
  }
  X509_NAME* subject = X509_get_subject_name(cert.get());
  for (const auto& organisation : request.organisations) {
    if (!add_entry(subject, "O", organisation))
      return openssl_error(Code::BadRequest, "organisation " + organisation);
  }
  if (!add_entry(subject, "CN", request.common_name)) {
    return openssl_error(Code::BadRequest, "common name " + request.common_name);
  }
  return cert;
}

}  // namespace

Authority::Authority(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;
const std::string& Authority::certificate_pem() const { return rep_->pair.certificate_pem; }
const KeyPair& Authority::pair() const { return rep_->pair; }

Result<Authority> Authority::create(const std::string& common_name, WallTime now, Duration lifetime) {
  MZ_ASSIGN(auto key, new_key());
  MZ_ASSIGN(auto cert,
            blank_certificate({.common_name = common_name, .lifetime = lifetime}, key.get(), now, nullptr));
  X509* c = cert.get();
  if (X509_set_issuer_name(c, X509_get_subject_name(c)) != 1 ||
      !add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(c, c, NID_key_usage, "critical,digitalSignature,keyEncipherment,keyCertSign,cRLSign") ||
      !add_extension(c, c, NID_subject_key_identifier, "hash") ||
      X509_sign(c, key.get(), EVP_sha256()) <= 0) {
    return openssl_error(Code::InternalError, "sign authority");
  }
  auto rep = std::make_unique<Rep>();
  MZ_ASSIGN(rep->pair.certificate_pem, certificate_text(c));
  MZ_ASSIGN(rep->pair.key_pem, key_text(key.get()));
  rep->cert = std::move(cert);
  rep->key = std::move(key);
  return Authority(std::move(rep));
}

Result<Authority> Authority::from_pem(const KeyPair& pair) {
  auto rep = std::make_unique<Rep>();
  MZ_ASSIGN(rep->cert, read_certificate(pair.certificate_pem));
  MZ_ASSIGN(rep->key, read_key(pair.key_pem));
  if (X509_check_private_key(rep->cert.get(), rep->key.get()) != 1) {
    ERR_clear_error();
    return Error(Code::BadRequest, "the authority's key does not belong to its certificate");
  }
  if (X509_check_ca(rep->cert.get()) != 1)
    return Error(Code::BadRequest, "the certificate is not an authority's");
  rep->pair = pair;
  return Authority(std::move(rep));
}

Result<KeyPair> Authority::issue(const CertificateRequest& request, WallTime now) const {
  if (!request.server && !request.client)
    return Error(Code::BadRequest, "a certificate needs a use: server or client");
  if (request.server && request.dns_names.empty() && request.ip_addresses.empty()) {
    return Error(Code::BadRequest, "a server certificate needs a DNS name or an IP address");
  }
  MZ_ASSIGN(auto key, new_key());
  MZ_ASSIGN(auto cert, blank_certificate(request, key.get(), now, rep_->cert.get()));
  MZ_TRY(add_alternative_names(cert.get(), request));
  X509* c = cert.get();
  X509* ca = rep_->cert.get();
  const std::string use = std::string(request.server ? "serverAuth" : "") +
                          (request.server && request.client ? "," : "") +
                          (request.client ? "clientAuth" : "");
  if (X509_set_issuer_name(c, X509_get_subject_name(ca)) != 1 ||
      !add_extension(c, ca, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(c, ca, NID_key_usage, "critical,digitalSignature,keyEncipherment") ||
      !add_extension(c, ca, NID_ext_key_usage, use) ||
      !add_extension(c, ca, NID_authority_key_identifier, "keyid") ||
      X509_sign(c, rep_->key.get(), EVP_sha256()) <= 0) {
    return openssl_error(Code::InternalError, "sign certificate");
  }
  KeyPair out;
  MZ_ASSIGN(out.certificate_pem, certificate_text(c));
  MZ_ASSIGN(out.key_pem, key_text(key.get()));
  return out;
}

Result<std::string> generate_key() {
  MZ_ASSIGN(auto key, new_key());
  return key_text(key.get());
}

Result<std::string> public_key(std::string_view key_pem) {
  MZ_ASSIGN(auto key, read_key(key_pem));
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) {
    return openssl_error(Code::InternalError, "encode public key");
  }
  return text_of(bio.get());
}

}  // namespace mizzen::pki
