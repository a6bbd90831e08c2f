#include "auth/tokens/jwt.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace mizzen::auth {
namespace {

std::string joined(std::string_view header, std::string_view payload, std::string_view signature) {
  return base64url_encode(header) + "." + base64url_encode(payload) + "." + base64url_encode(signature);
}

TEST(Jwt, WhatIsSignedComesApartAgain) {
  const auto key = pki::SigningKey::create();
  ASSERT_TRUE(key.ok());
  const auto token = sign_jwt(*key, R"({"sub":"x"})");
  ASSERT_TRUE(token.ok());
  const auto parsed = parse_jwt(*token);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  EXPECT_EQ(parsed->algorithm, "ES256");
  EXPECT_EQ(parsed->key_id, key->public_key().id());
  EXPECT_EQ(parsed->payload, R"({"sub":"x"})");
  EXPECT_TRUE(signed_by(*parsed, key->public_key()));
  EXPECT_FALSE(signed_by(*parsed, pki::SigningKey::create()->public_key()));
}

TEST(Jwt, AnAlgorithmThatIsNotTheKeysIsNoProof) {
  const auto key = pki::SigningKey::create();
  for (const char* algorithm : {"none", "HS256", "RS256", "ES384", ""}) {
    Jwt token;
    token.algorithm = algorithm;
    token.signed_part = "a.b";
    token.signature = *key->sign("a.b");
    EXPECT_FALSE(signed_by(token, key->public_key())) << algorithm;
  }
}

TEST(Jwt, WhatIsNoTokenIsRefused) {
  const std::string bad[] = {
      "",
      "a",
      "a.b",
      "a.b.c.d",
      "..",
      "!.e30.e30",
      joined("[]", "{}", "s"),
      joined("nothing", "{}", "s"),
      joined(R"({"alg":"ES256","crit":["x"]})", "{}", "s"),
      joined(std::string(1000, '['), "{}", "s"),
      joined(R"({"alg":"ES256"})", std::string(kTokenBytesMax, 'x'), "s"),
  };
  for (const std::string& token : bad) EXPECT_FALSE(parse_jwt(token).ok()) << token.substr(0, 80);
  const auto odd = parse_jwt(joined(R"({"alg":5,"kid":null})", "", ""));
  ASSERT_TRUE(odd.ok());
  EXPECT_EQ(odd->algorithm + odd->key_id, "") << "what is no text names nothing";
}

}  // namespace
}  // namespace mizzen::auth
