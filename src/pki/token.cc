#include "pki/token.h"

#include <openssl/crypto.h>

#include "base/strings.h"

namespace mizzen::pki {

std::string new_token(Random& random) {
  std::string bytes;
  for (int word = 0; word < 4; ++word) {
    for (uint64_t bits = random.next(), i = 0; i < 8; ++i, bits >>= 8)
      bytes.push_back(static_cast<char>(bits & 0xff));
  }
  return base64url_encode(bytes);
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mizzen::pki
