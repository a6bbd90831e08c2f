#include "auth/tokens/claims.h"

#include <gtest/gtest.h>

namespace mizzen::auth {
namespace {

TokenClaims pod_claims() {
  TokenClaims out;
  out.issuer = "https://kubernetes.default.svc";
  out.subject = "system:serviceaccount:tt:sa1";
  out.audiences = {"https://kubernetes.default.svc"};
  out.issued = out.not_before = 1796096275;
  out.expires = 1827632275;
  out.id = "e2b596db-88ca-42ea-b0c8-3e83e8e216c1";
  out.namespace_ = "tt";
  out.account = {"sa1", "e80757f2-15ac-4cb7-ad1b-66e9c455b3ab"};
  out.pod = {"p1", "b86cb9e4-4eed-4f62-9799-73e75602f879"};
  out.node = {"nn", ""};
  out.warn_after = 1796099882;
  return out;
}

TEST(TokenClaims, AreWrittenAsUpstreamWritesThem) {
  // The payload of a token that kube-apiserver 1.36.2 issued.
  const std::string recorded =
      R"({"aud":["https://kubernetes.default.svc"],"exp":1827632275,"iat":1796096275,)"
      R"("iss":"https://kubernetes.default.svc","jti":"e2b596db-88ca-42ea-b0c8-3e83e8e216c1",)"
      R"("kubernetes.io":{"namespace":"tt","node":{"name":"nn"},)"
      R"("pod":{"name":"p1","uid":"b86cb9e4-4eed-4f62-9799-73e75602f879"},)"
      R"("serviceaccount":{"name":"sa1","uid":"e80757f2-15ac-4cb7-ad1b-66e9c455b3ab"},)"
      R"("warnafter":1796099882},"nbf":1796096275,"sub":"system:serviceaccount:tt:sa1"})";
  EXPECT_EQ(encode_claims(pod_claims()), recorded);
  const auto read = decode_claims(recorded);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(*read, pod_claims());
}

TEST(TokenClaims, LegacyOnesHaveNamesOfTheirOwn) {
  TokenClaims claims;
  claims.issuer = kLegacyIssuer;
  claims.subject = "system:serviceaccount:a:b";
  claims.namespace_ = "a";
  claims.account = {"b", "u"};
  claims.secret = {"s", ""};
  const std::string text = encode_claims(claims);
  EXPECT_EQ(text,
            R"({"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"a",)"
            R"("kubernetes.io/serviceaccount/secret.name":"s",)"
            R"("kubernetes.io/serviceaccount/service-account.name":"b",)"
            R"("kubernetes.io/serviceaccount/service-account.uid":"u","sub":"system:serviceaccount:a:b"})");
  EXPECT_EQ(*decode_claims(text), claims);
}

TEST(TokenClaims, OtherFormsAreReadToo) {
  const auto read = decode_claims(R"({"aud":"one","exp":1.5e9,"nbf":12.75,"iat":null,"more":{"x":[1]}})");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->audiences, std::vector<std::string>{"one"});
  EXPECT_EQ(read->expires, 1'500'000'000);
  EXPECT_EQ(read->not_before, 12);
  EXPECT_EQ(read->issued, std::nullopt);
}

TEST(TokenClaims, WhatIsOfAnotherKindIsRefused) {
  for (const char* text :
       {"", "[]", "\"x\"", "{", R"({"iss":5})", R"({"aud":{}})", R"({"aud":[1]})", R"({"exp":"1"})",
        R"({"exp":1e300})", R"({"exp":9223372036854775807})", R"({"exp":-1e18})", R"({"kubernetes.io":[]})",
        R"({"kubernetes.io":{"pod":"x"}})", R"({"kubernetes.io":{"serviceaccount":{"uid":7}}})"})
    EXPECT_FALSE(decode_claims(text).ok()) << text;
}

}  // namespace
}  // namespace mizzen::auth
