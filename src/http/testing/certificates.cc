#include "http/testing/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>

#include "base/random.h"

namespace mizzen::http::testing {
namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

std::string take(BIO* bio) {
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<size_t>(n));
  BIO_free(bio);
  return out;
}

std::string pem_of(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  require(PEM_write_bio_X509(bio, certificate) == 1);
  return take(bio);
}

std::string pem_of(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  require(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return take(bio);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void add_name(X509* certificate, const char* field, const std::string& value) {
  X509_NAME* name = X509_get_subject_name(certificate);
  require(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(value.data()),
                                     static_cast<int>(value.size()), -1, 0) == 1);
}

X509* new_certificate(EVP_PKEY* key, long from, long to) {
  X509* out = X509_new();
  X509_set_version(out, 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(out), secure_random().next() >> 1);
  X509_gmtime_adj(X509_getm_notBefore(out), from);
  X509_gmtime_adj(X509_getm_notAfter(out), to);
  require(X509_set_pubkey(out, key) == 1);
  return out;
}

}  // namespace

struct TestCa::Keys {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = nullptr;
};

TestCa::TestCa(const std::string& name) : keys_(std::make_unique<Keys>()) {
  require(keys_->key != nullptr);
  keys_->certificate = new_certificate(keys_->key, -3600, 24 * 3600);
  add_name(keys_->certificate, "CN", name);
  X509_set_issuer_name(keys_->certificate, X509_get_subject_name(keys_->certificate));
  add_extension(keys_->certificate, keys_->certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(keys_->certificate, keys_->certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  require(X509_sign(keys_->certificate, keys_->key, EVP_sha256()) > 0);
  pem_ = pem_of(keys_->certificate);
}

TestCa::~TestCa() {
  X509_free(keys_->certificate);
  EVP_PKEY_free(keys_->key);
}

TestIdentity TestCa::issue(const Subject& subject) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  require(key != nullptr);
  X509* certificate = new_certificate(key, subject.valid_from_seconds, subject.valid_to_seconds);
  for (const std::string& o : subject.organizations) add_name(certificate, "O", o);
  add_name(certificate, "CN", subject.common_name);
  X509_set_issuer_name(certificate, X509_get_subject_name(keys_->certificate));
  add_extension(certificate, keys_->certificate, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate, keys_->certificate, NID_ext_key_usage,
                subject.client ? "clientAuth" : "serverAuth");
  std::string names;
  for (const std::string& n : subject.names) names += (names.empty() ? "" : ",") + n;
  if (!names.empty()) add_extension(certificate, keys_->certificate, NID_subject_alt_name, names);
  require(X509_sign(certificate, keys_->key, EVP_sha256()) > 0);
  TestIdentity out{pem_of(certificate), pem_of(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return out;
}

}  // namespace mizzen::http::testing
