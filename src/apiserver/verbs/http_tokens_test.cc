// Tokens of service accounts over HTTP: asked for, shown, reviewed, and worth nothing when their pod has
// gone.
#include <gmock/gmock.h>

#include "apiserver/testing/running_server.h"
#include "auth/tokens/claims.h"
#include "auth/tokens/jwt.h"

namespace mizzen::apiserver::testing {
namespace {

constexpr const char* kIssuer = "https://kubernetes.default.svc.cluster.local";
constexpr const char* kReviews = "/apis/authentication.k8s.io/v1/tokenreviews";
constexpr const char* kSelf = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

class HttpTokens : public HttpTest {
 protected:
  void SetUp() override {
    HttpTest::SetUp();
    ASSERT_EQ(call("POST", core("serviceaccounts"), R"({"metadata":{"name":"sa"}})").status, 201);
  }
  Answer ask(const std::string& spec, const std::string& metadata = "{}") {
    return call("POST", core("serviceaccounts/sa/token"),
                R"({"metadata":)" + metadata + R"(,"spec":)" + spec + "}");
  }
  /// With a token and no certificate.
  Answer bearing(const std::string& token, const std::string& path) {
    return server_->anonymous("GET", path, {{"Authorization", "Bearer " + token}});
  }
  Answer review(const std::string& token, const std::string& more = "") {
    return call("POST", kReviews, R"({"spec":{"token":")" + token + "\"" + more + "}}");
  }
  static auth::TokenClaims claims_of(const std::string& token) {
    const auto parsed = auth::parse_jwt(token);
    const auto claims = parsed.ok() ? auth::decode_claims(parsed->payload) : parsed.error();
    return claims.ok() ? *claims : auth::TokenClaims();
  }
};

TEST_F(HttpTokens, WhatIsLeftOutIsFilledIn) {
  const Answer made = ask("{}");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.at("kind"), "TokenRequest");
  EXPECT_EQ(made.at("metadata.name"), "sa");
  EXPECT_EQ(made.at("metadata.namespace"), ns_);
  EXPECT_EQ(made.at("spec.audiences.0"), kIssuer);
  EXPECT_EQ(made.at("spec.expirationSeconds"), "3600");
  const auto claims = claims_of(made.at("status.token"));
  EXPECT_EQ(claims.subject, "system:serviceaccount:" + ns_ + ":sa");
  EXPECT_EQ(claims.account.uid, made.at("metadata.uid"));
  EXPECT_EQ(*claims.expires - *claims.issued, 3600);
  EXPECT_EQ(claims.id.size(), 36u);
  EXPECT_FALSE(claims.warn_after);
}

TEST_F(HttpTokens, RefusalsHaveUpstreamsWords) {
  const std::tuple<const char*, const char*, int, const char*> refused[] = {
      {R"({"expirationSeconds":10})", "{}", 422,
       R"(TokenRequest.authentication.k8s.io "" is invalid: )"
       R"(spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes)"},
      {R"({"expirationSeconds":99999999999})", "{}", 422,
       R"(TokenRequest.authentication.k8s.io "" is invalid: )"
       R"(spec.expirationSeconds: Invalid value: 99999999999: may not specify a duration larger than 2^32 seconds)"},
      {"{}", R"({"name":"x"})", 422,
       R"(TokenRequest.authentication.k8s.io "sa" is invalid: )"
       R"(metadata.name: Invalid value: "x": must match the service account name if specified)"},
      {"{}", R"({"namespace":"x"})", 400,
       "the namespace of the provided object does not match the namespace sent on the request"},
      {R"({"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"none"}})", "{}", 404,
       R"(pods "none" not found)"},
      {R"({"boundObjectRef":{"kind":"Foo","apiVersion":"a/v1","name":"x"}})", "{}", 400,
       "cannot bind token to object of type a/v1, Kind=Foo"},
      {R"({"boundObjectRef":{"kind":"Foo","apiVersion":"a/b/c","name":"x"}})", "{}", 400,
       "cannot bind token to object of type /, Kind=Foo"},
  };
  for (const auto& [spec, metadata, status, text] : refused) {
    const Answer answer = ask(spec, metadata);
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.message(), text);
  }
  EXPECT_THAT(ask("{}", R"({"uid":"x"})").message(),
              ::testing::StartsWith("Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "
                                    "\"sa\": the UID in the token request (x) does not match the UID"));
  EXPECT_EQ(call("POST", core("serviceaccounts/none/token"), "{}").message(),
            "serviceaccounts \"none\" not found");
  EXPECT_EQ(call("POST", "/api/v1/namespaces/nowhere/serviceaccounts/none/token", "{}").message(),
            "namespaces \"nowhere\" not found");
  EXPECT_EQ(call("GET", core("serviceaccounts/sa/token")).status, 405);
}

TEST_F(HttpTokens, APodsTokenEndsWithThePod) {
  const Answer pod = create_pod("p", R"(,"serviceAccountName":"sa","nodeName":"n")");
  ASSERT_EQ(pod.status, 201) << pod.body;
  const std::string bound = R"("boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p")";
  const Answer other = ask("{" + bound + R"(,"uid":"x"}})");
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.message(),
            "Operation cannot be fulfilled on Pod \"p\": the UID in the bound object reference (x) does not "
            "match the UID in record. The object might have been deleted and then recreated");
  const Answer made = ask("{" + bound + R"(},"expirationSeconds":3607})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.at("spec.expirationSeconds"), "3607");
  const std::string token = made.at("status.token");
  const auto claims = claims_of(token);
  EXPECT_EQ(*claims.expires - *claims.issued, 365 * 24 * 3600) << "borrowed time";
  EXPECT_EQ(*claims.warn_after - *claims.issued, 3607);
  EXPECT_EQ(claims.pod->uid, pod.at("metadata.uid"));
  EXPECT_EQ(claims.node->name, "n");

  const Answer reviewed = review(token);
  EXPECT_EQ(reviewed.status, 201);
  EXPECT_EQ(reviewed.at("status.authenticated"), "true") << reviewed.body;
  EXPECT_EQ(reviewed.at("status.user.username"), "system:serviceaccount:" + ns_ + ":sa");
  EXPECT_EQ(reviewed.at("status.user.groups.2"), "system:authenticated");
  EXPECT_EQ(reviewed.at("status.audiences.0"), kIssuer);
  const Answer forbidden = bearing(token, core("pods"));
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_EQ(forbidden.message(),
            "pods is forbidden: User \"system:serviceaccount:" + ns_ +
                ":sa\" cannot list resource \"pods\" in API group \"\" in the namespace \"" + ns_ + "\"");
  EXPECT_EQ(bearing(token, "/openid/v1/jwks").status, 200);

  ASSERT_EQ(call("DELETE", core("pods/p"), R"({"gracePeriodSeconds":0})").status, 200);
  EXPECT_EQ(bearing(token, core("pods")).status, 401);
  const Answer gone = review(token);
  EXPECT_EQ(gone.status, 201);
  EXPECT_EQ(gone.at("status.authenticated"), "");
  EXPECT_EQ(gone.at("status.error"), "[invalid bearer token, service account token has been invalidated]");
}

TEST_F(HttpTokens, ATokenForOthersIsNoneForUs) {
  const std::string token = ask(R"({"audiences":["vault"]})").at("status.token");
  EXPECT_EQ(bearing(token, "/version").status, 401);
  EXPECT_EQ(review(token).at("status.error"),
            "[invalid bearer token, token audiences [\"vault\"] is invalid for the target audiences [\"" +
                std::string(kIssuer) + "\"]]");
  const Answer meant = review(token, R"(,"audiences":["vault","x"])");
  EXPECT_EQ(meant.at("status.authenticated"), "true");
  EXPECT_EQ(meant.at("status.audiences.0"), "vault");
  EXPECT_EQ(meant.count("status.audiences"), 1u);
}

TEST_F(HttpTokens, ReviewsNeedAToken) {
  const Answer none = call("POST", kReviews, "{}");
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(none.message(), "token is required for TokenReview in authentication");
  EXPECT_EQ(review("junk").at("status.error"), "invalid bearer token");
  EXPECT_EQ(call("GET", kReviews).status, 405);
  const Answer old =
      call("POST", "/apis/authentication.k8s.io/v1beta1/tokenreviews", R"({"spec":{"token":"junk"}})");
  EXPECT_EQ(old.status, 201) << old.body;
  EXPECT_EQ(old.at("apiVersion"), "authentication.k8s.io/v1beta1");
  EXPECT_EQ(old.at("status.error"), "invalid bearer token");
}

TEST_F(HttpTokens, EveryoneKnownMayAskWhoItIs) {
  const Answer admin = call("POST", kSelf, "{}");
  EXPECT_EQ(admin.status, 201) << admin.body;
  EXPECT_EQ(admin.at("kind"), "SelfSubjectReview");
  EXPECT_EQ(admin.at("status.userInfo.groups.0"), "system:masters");
  EXPECT_NE(admin.at("metadata.creationTimestamp"), "");
  EXPECT_EQ(server_->as("jane", "POST", kSelf, "{}").at("status.userInfo.username"), "jane");
  EXPECT_EQ(server_->anonymous("POST", kSelf).status, 403);
}

TEST_F(HttpTokens, DiscoveryTellsOfTheIssuer) {
  const Answer document = call("GET", "/.well-known/openid-configuration");
  EXPECT_EQ(document.status, 200);
  EXPECT_EQ(document.headers.get("Cache-Control"), "public, max-age=3600");
  EXPECT_EQ(document.at("issuer"), kIssuer);
  EXPECT_EQ(document.at("id_token_signing_alg_values_supported.0"), "ES256");
  const Answer keys = call("GET", "/openid/v1/jwks");
  EXPECT_EQ(keys.headers.get("Content-Type"), "application/jwk-set+json");
  const auto token = auth::parse_jwt(ask("{}").at("status.token"));
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(keys.at("keys.0.kid"), token->key_id);
  EXPECT_EQ(server_->anonymous("GET", "/openid/v1/jwks").status, 403);
}

}  // namespace
}  // namespace mizzen::apiserver::testing
