#include "auth/tokens/jwt.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/json/tree.h"

namespace mizzen::auth {
namespace {

/// A header has a handful of members.
constexpr codec::TreeLimits kHeaderLimits{64, 8};

Error malformed(std::string_view why) { return Error(Code::BadRequest, fmt::format("not a token: {}", why)); }

std::string text_of(const codec::Value& object, std::string_view name) {
  const codec::Value* found = object.find(name);
  return found && found->is_string() ? found->text() : std::string();
}

}  // namespace

Result<Jwt> parse_jwt(std::string_view token) {
  if (token.size() > kTokenBytesMax) return malformed("it is too long");
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return malformed("it has not three parts");
  const auto header = base64url_decode(token.substr(0, first));
  auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
  auto signature = base64url_decode(token.substr(second + 1));
  if (!header || !payload || !signature) return malformed("a part is not URL-safe base64");
  const auto tree = codec::Value::parse(*header, kHeaderLimits);
  if (!tree.ok() || !tree->is_object()) return malformed("its header is no JSON object");
  // What must be understood and is not (RFC 7515, 4.1.11).
  if (tree->find("crit")) return malformed("its header asks for extensions");
  return Jwt{text_of(*tree, "alg"), text_of(*tree, "kid"), std::move(*payload),
             std::string(token.substr(0, second)), std::move(*signature)};
}

bool signed_by(const Jwt& token, const pki::VerifyingKey& key) {
  return token.algorithm == key.algorithm() && key.verify(token.signed_part, token.signature);
}

Result<std::string> sign_jwt(const pki::SigningKey& key, std::string_view payload) {
  const pki::VerifyingKey& half = key.public_key();
  const std::string header = fmt::format(R"({{"alg":"{}","kid":"{}"}})", half.algorithm(), half.id());
  std::string out = base64url_encode(header) + "." + base64url_encode(payload);
  MZ_ASSIGN(const std::string signature, key.sign(out));
  return out + "." + base64url_encode(signature);
}

}  // namespace mizzen::auth
