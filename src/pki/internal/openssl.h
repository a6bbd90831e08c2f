#pragma once
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

/// OpenSSL's objects with owners. For the sources of `pki` only.
namespace mizzen::pki::internal {

/// Calls the OpenSSL function that frees T.
template <auto F>
struct Free {
  template <typename T>
  void operator()(T* p) const {
    F(p);
  }
};
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;

/// `doing: OpenSSL's reason`, and empties OpenSSL's queue of this thread.
Error openssl_error(Code code, std::string_view doing);
/// The next certificate in the BIO; null at the end or where malformed.
X509Ptr next_certificate(BIO* bio);
/// A BIO that reads from `text`, which must outlive it.
BioPtr reader(std::string_view text);
Result<X509Ptr> read_certificate(std::string_view pem);
Result<KeyPtr> read_key(std::string_view pem);
std::string text_of(BIO* bio);
/// A new key on P-256.
Result<KeyPtr> new_key();
/// The key as PKCS #8 in PEM.
Result<std::string> key_text(EVP_PKEY* key);

}  // namespace mizzen::pki::internal
