#include "kubelet/state/digest.h"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace mizzen::kubelet {

std::string sha256_hex(const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  EVP_Digest(text.data(), text.size(), out, &n, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < n; ++i) hex += fmt::format("{:02x}", out[i]);
  return hex;
}

}  // namespace mizzen::kubelet
