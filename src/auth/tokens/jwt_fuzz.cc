// Tokens: never crashes, and claims that are read survive a second reading unchanged.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/tokens/claims.h"
#include "auth/tokens/jwt.h"
#include "base/strings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::auth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto parsed = parse_jwt(text); parsed.ok()) (void)decode_claims(parsed->payload).ok();
  (void)parse_jwt(mizzen::base64url_encode(text) + ".e30.AA").ok();
  const auto claims = decode_claims(text);
  if (!claims.ok()) return 0;
  const auto again = decode_claims(encode_claims(*claims));
  if (!again.ok() || !(*again == *claims)) std::abort();
  return 0;
}
