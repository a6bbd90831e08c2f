#include "kubelet/tokens/issued_token.h"

#include <gtest/gtest.h>

#include "api/schema/authentication/v1/token_request.h"
#include "client/testing/fake_api.h"
#include "codec/json/json_codec.h"

namespace mizzen::kubelet {
namespace {

using api::authentication::v1::TokenRequest;
using client::Object;
using client::testing::FakeApi;

constexpr int64_t kHour = 3600, kDay = 24 * kHour;

TEST(IssuedToken, IsRenewedAfterFourFifthsOfItsLifeOrADay) {
  struct Case {
    int64_t lifetime, jitter, after;
  };
  const Case cases[] = {
      {kHour, 0, 2880},          {kHour, 9, 2871},          {600, 0, 480},
      {3607, 0, 3607 - 721},     {kDay, 0, kDay * 4 / 5},   {30 * kHour, 0, kDay},
      {30 * kHour + 1, 0, kDay}, {365 * kDay, 5, kDay - 5}, {0, 0, 0},
      {1LL << 38, 0, kDay},
  };
  for (const auto& c : cases) {
    const int64_t issued = 1'700'000'000;
    const IssuedToken token{"t", issued + c.lifetime, c.lifetime};
    EXPECT_EQ(renewal_time(token, c.jitter), issued + c.after) << c.lifetime << " " << c.jitter;
  }
}

const TokenWish kWish{"u1", "web", "default", "robot", "vault", 600};

TEST(IssuedToken, IsAskedForAsUpstreamDoes) {
  FakeApi api;
  std::string sent;
  api.answer("serviceaccounts/token", [&](const Object& object, const client::Call&) {
    sent = codec::to_json(*object.as<TokenRequest>());
    TokenRequest out = *object.as<TokenRequest>();
    out.spec.expirationSeconds = 607;  // a server may give a longer life
    out.status.token = "secret";
    out.status.expirationTimestamp = codec::Time{1000, 0};
    return Object::of(out);
  });
  const auto token = request_token(api, kWish, {});
  ASSERT_TRUE(token.ok()) << token.error().message();
  EXPECT_EQ(token->token, "secret");
  EXPECT_EQ(token->expires_s, 1000);
  EXPECT_EQ(token->lifetime_s, 607);
  EXPECT_EQ(
      sent,
      R"({"metadata":{"name":"robot","namespace":"default"},"spec":{"audiences":["vault"],"expirationSeconds":600,)"
      R"("boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"web","uid":"u1"}},"status":{"token":"","expirationTimestamp":null}})");
}

TEST(IssuedToken, WhyThereIsNoneIsToldInUpstreamsWords) {
  FakeApi api;
  const auto why = [&](const Result<Object>& answer, const TokenWish& wish = kWish) {
    api.answer("serviceaccounts/token", [&](const Object&, const client::Call&) { return answer; });
    const auto token = request_token(api, wish, {});
    return token.ok() ? "a token" : token.error().message();
  };
  EXPECT_EQ(why(Error(Code::Forbidden, "not yours")), "not yours");
  EXPECT_EQ(why(Object::of(TokenRequest())), "the API server answered with no token");
  TokenRequest timeless;
  timeless.status.token = "t";
  EXPECT_EQ(why(Object::of(timeless)), "the API server answered with no token");
  TokenWish nobody = kWish;
  nobody.service_account.clear();
  EXPECT_EQ(why(Object::of(timeless), nobody), "resource name may not be empty");
}

TEST(IssuedToken, TimesThatNobodyCanReckonWithAreCut) {
  FakeApi api;
  api.answer("serviceaccounts/token", [](const Object&, const client::Call&) {
    TokenRequest out;
    out.spec.expirationSeconds = INT64_MAX;
    out.status.token = "t";
    out.status.expirationTimestamp = codec::Time{INT64_MIN + 1, 0};
    return Object::of(out);
  });
  const auto token = request_token(api, kWish, {});
  ASSERT_TRUE(token.ok());
  EXPECT_LT(renewal_time(*token, 9), 0) << "and nothing overflows";
}

}  // namespace
}  // namespace mizzen::kubelet
