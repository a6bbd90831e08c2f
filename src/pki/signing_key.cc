#include "pki/signing_key.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "base/strings.h"
#include "pki/digest.h"
#include "pki/internal/openssl.h"
#include "pki/keystore.h"

namespace mizzen::pki {

using namespace internal;

struct VerifyingKey::Rep {
  KeyPtr key;
  std::string id, algorithm, jwk;
};

struct SigningKey::Rep {
  KeyPtr key;
  VerifyingKey public_key;
};

namespace {

using DigestPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Free<BN_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

/// What one kind of key speaks.
struct Kind {
  std::string_view algorithm;
  std::string_view curve;  ///< as JSON Web Keys name it; empty: RSA
  size_t number_bytes;     ///< of one number of a signature or a point
  const EVP_MD* (*digest)();
};

const Kind* kind_of(const EVP_PKEY* key) {
  static constexpr Kind rsa{"RS256", "", 0, EVP_sha256}, p256{"ES256", "P-256", 32, EVP_sha256},
      p384{"ES384", "P-384", 48, EVP_sha384}, p521{"ES512", "P-521", 66, EVP_sha512};
  if (EVP_PKEY_is_a(key, "RSA")) return &rsa;
  if (!EVP_PKEY_is_a(key, "EC")) return nullptr;
  const int bits = EVP_PKEY_get_bits(key);
  return bits == 256 ? &p256 : bits == 384 ? &p384 : bits == 521 ? &p521 : nullptr;
}

/// A number of the key, as wide as it is or as `width` says.
std::string number(const EVP_PKEY* key, const char* name, size_t width) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
  const NumberPtr held(raw);
  std::string out(width ? width : static_cast<size_t>(BN_num_bytes(raw)), '\0');
  const int size =
      BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
  return size < 0 ? std::string() : base64url_encode(out);
}

std::string der_of(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

std::string jwk_of(const EVP_PKEY* key, const Kind& kind, const std::string& id) {
  if (kind.curve.empty())
    return fmt::format(R"({{"use":"sig","kty":"RSA","kid":"{}","alg":"{}","n":"{}","e":"{}"}})", id,
                       kind.algorithm, number(key, OSSL_PKEY_PARAM_RSA_N, 0),
                       number(key, OSSL_PKEY_PARAM_RSA_E, 0));
  return fmt::format(R"({{"use":"sig","kty":"EC","kid":"{}","crv":"{}","alg":"{}","x":"{}","y":"{}"}})", id,
                     kind.curve, kind.algorithm, number(key, OSSL_PKEY_PARAM_EC_PUB_X, kind.number_bytes),
                     number(key, OSSL_PKEY_PARAM_EC_PUB_Y, kind.number_bytes));
}

/// Of a key with or without its private half.
Result<VerifyingKey> public_half(const EVP_PKEY* key) {
  const Kind* kind = kind_of(key);
  if (!kind) return Error(Code::BadRequest, "the key is neither RSA nor on P-256, P-384 or P-521");
  const std::string der = der_of(key);
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  auto rep = std::make_shared<VerifyingKey::Rep>();
  rep->key.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!rep->key) return openssl_error(Code::BadRequest, "the public half of the key");
  rep->id = base64url_encode(sha256(der));
  rep->algorithm = kind->algorithm;
  rep->jwk = jwk_of(key, *kind, rep->id);
  return VerifyingKey(std::move(rep));
}

Result<SigningKey> signing(KeyPtr key) {
  MZ_ASSIGN(VerifyingKey half, public_half(key.get()));
  return SigningKey(std::make_shared<SigningKey::Rep>(SigningKey::Rep{std::move(key), std::move(half)}));
}

/// From ASN.1, as OpenSSL makes it, to two numbers side by side.
std::string plain_signature(const std::string& der, size_t number_bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const SignaturePtr parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!parsed) return {};
  std::string out(2 * number_bytes, '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  const int width = static_cast<int>(number_bytes);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), to, width) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), to + number_bytes, width) < 0)
    return {};
  return out;
}

/// The other way; empty where it is no such signature.
std::string asn1_signature(std::string_view plain, size_t number_bytes) {
  if (plain.size() != 2 * number_bytes) return {};
  const auto* from = reinterpret_cast<const unsigned char*>(plain.data());
  const int width = static_cast<int>(number_bytes);
  NumberPtr r(BN_bin2bn(from, width, nullptr)), s(BN_bin2bn(from + number_bytes, width, nullptr));
  const SignaturePtr made(ECDSA_SIG_new());
  if (!r || !s || !made || ECDSA_SIG_set0(made.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();  // the signature has them
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(made.get(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

/// The key in one block of PEM, with or without its private half; null where it is something else.
KeyPtr key_in(std::string_view name, const unsigned char* data, long size) {
  const unsigned char* at = data;
  if (name == "PUBLIC KEY") return KeyPtr(d2i_PUBKEY(nullptr, &at, size));
  if (name == "RSA PUBLIC KEY") return KeyPtr(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  if (name == "CERTIFICATE") {
    const X509Ptr certificate(d2i_X509(nullptr, &at, size));
    return KeyPtr(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
  }
  if (name.ends_with("PRIVATE KEY")) return KeyPtr(d2i_AutoPrivateKey(nullptr, &at, size));
  return nullptr;
}

}  // namespace

const std::string& VerifyingKey::id() const { return rep_->id; }
const std::string& VerifyingKey::algorithm() const { return rep_->algorithm; }
const std::string& VerifyingKey::jwk() const { return rep_->jwk; }

Result<std::string> VerifyingKey::pem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), rep_->key.get()) != 1)
    return openssl_error(Code::InternalError, "encode key");
  return text_of(bio.get());
}

bool VerifyingKey::verify(std::string_view data, std::string_view signature) const {
  const Kind& kind = *kind_of(rep_->key.get());
  const std::string wanted =
      kind.curve.empty() ? std::string(signature) : asn1_signature(signature, kind.number_bytes);
  const DigestPtr context(EVP_MD_CTX_new());
  const bool good =
      !wanted.empty() && context &&
      EVP_DigestVerifyInit(context.get(), nullptr, kind.digest(), nullptr, rep_->key.get()) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(wanted.data()), wanted.size(),
                       reinterpret_cast<const unsigned char*>(data.data()), data.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

Result<SigningKey> SigningKey::create() {
  MZ_ASSIGN(KeyPtr key, new_key());
  return signing(std::move(key));
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
  MZ_ASSIGN(KeyPtr key, read_key(pem));
  return signing(std::move(key));
}

const VerifyingKey& SigningKey::public_key() const { return rep_->public_key; }

Result<std::string> SigningKey::pem() const { return key_text(rep_->key.get()); }

Result<std::string> SigningKey::sign(std::string_view data) const {
  const Kind& kind = *kind_of(rep_->key.get());
  const DigestPtr context(EVP_MD_CTX_new());
  const auto* from = reinterpret_cast<const unsigned char*>(data.data());
  size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, kind.digest(), nullptr, rep_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, from, data.size()) != 1)
    return openssl_error(Code::InternalError, "sign");
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, from, data.size()) !=
      1)
    return openssl_error(Code::InternalError, "sign");
  out.resize(size);
  if (kind.curve.empty()) return out;
  out = plain_signature(out, kind.number_bytes);
  if (out.empty()) return Error(Code::InternalError, "sign: OpenSSL made no signature");
  return out;
}

Result<std::vector<VerifyingKey>> read_verifying_keys(std::string_view pem) {
  std::vector<VerifyingKey> out;
  const BioPtr bio = reader(pem);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  while (bio && PEM_read_bio(bio.get(), &name, &header, &data, &size) == 1) {
    const KeyPtr key = key_in(name, data, size);
    const std::string what = name;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(size));
    if (what == "EC PARAMETERS") continue;  // openssl writes it before a key
    if (!key) return openssl_error(Code::BadRequest, fmt::format("no usable key in {}", quote(what)));
    MZ_ASSIGN(VerifyingKey half, public_half(key.get()));
    out.push_back(std::move(half));
  }
  ERR_clear_error();  // the end of the text
  if (out.empty()) return Error(Code::BadRequest, "no key in the PEM text");
  return out;
}

Result<SigningKey> ensure_signing_key(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name + ".key";
  if (path_exists(path)) {
    MZ_TRY(check_private(path));
    MZ_ASSIGN(const std::string text, read_file(path));
    auto kept = SigningKey::from_pem(text);
    if (!kept.ok()) return kept.error().with_context(path);
    return kept;
  }
  MZ_ASSIGN(SigningKey made, SigningKey::create());
  MZ_TRY(make_folders(folder, 0700));
  MZ_ASSIGN(const std::string half, made.public_key().pem());
  MZ_ASSIGN(const std::string whole, made.pem());
  MZ_TRY(write_file(folder + "/" + name + ".pub", half, 0644));
  MZ_TRY(write_file(path, whole, 0600));
  return made;
}

}  // namespace mizzen::pki
