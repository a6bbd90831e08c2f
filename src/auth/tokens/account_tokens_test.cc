#include "auth/tokens/account_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace mizzen::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000;  // ManualClock's

class FakeObjects final : public BoundObjects {
 public:
  std::optional<Found> find(BoundKind kind, std::string_view ns, std::string_view name) const override {
    const auto it = objects.find({kind, std::string(ns) + "/" + std::string(name)});
    return it == objects.end() ? std::nullopt : std::optional(it->second);
  }
  std::optional<std::string> secret_token(std::string_view, std::string_view) const override { return held; }

  std::map<std::pair<BoundKind, std::string>, Found> objects;
  std::optional<std::string> held;
};

class AccountTokensTest : public ::testing::Test {
 protected:
  AccountTokensTest() { objects_.objects[{BoundKind::Account, "ns/sa"}] = {"account-uid", std::nullopt}; }

  TokenClaims claims() const {
    TokenClaims out;
    out.issuer = "https://issuer";
    out.subject = "system:serviceaccount:ns:sa";
    out.audiences = {"api"};
    out.issued = out.not_before = kNow;
    out.expires = kNow + 3600;
    out.namespace_ = "ns";
    out.account = {"sa", "account-uid"};
    return out;
  }
  std::string token(const TokenClaims& of) const { return *sign_jwt(keys_.signer, encode_claims(of)); }
  Result<std::optional<TokenIdentity>> verify(const TokenClaims& of,
                                              const std::vector<std::string>& audiences = {}) const {
    return tokens_.verify(token(of), audiences);
  }
  /// Why these claims are refused; empty where they are believed.
  std::string why(const TokenClaims& of) const {
    const auto r = verify(of);
    return r.ok() ? (*r ? "" : "not ours") : r.error().message();
  }

  const pki::SigningKey key_ = *pki::SigningKey::create();
  const TokenKeys keys_{.issuers = {"https://issuer", "https://older"},
                        .audiences = {"api", "api2"},
                        .signer = key_,
                        .verifiers = {key_.public_key()},
                        .jwks_uri = ""};
  FakeObjects objects_;
  ManualClock clock_;
  AccountTokens tokens_{keys_, objects_, clock_};
};

TEST_F(AccountTokensTest, AGoodOneStandsForItsAccount) {
  TokenClaims of = claims();
  of.id = "an-id";
  of.pod = {"p", "pod-uid"};
  of.node = {"n", "node-uid"};
  objects_.objects[{BoundKind::Pod, "ns/p"}] = {"pod-uid", std::nullopt};
  const auto r = verify(of);
  ASSERT_TRUE(r.ok()) << r.error().message();
  ASSERT_TRUE(*r);
  const User& user = (*r)->user;
  EXPECT_EQ(user.name, "system:serviceaccount:ns:sa");
  EXPECT_EQ(user.uid, "account-uid");
  EXPECT_THAT(user.groups, ElementsAre("system:serviceaccounts", "system:serviceaccounts:ns"));
  EXPECT_THAT(user.extra.at("authentication.kubernetes.io/credential-id"), ElementsAre("JTI=an-id"));
  EXPECT_THAT(user.extra.at("authentication.kubernetes.io/pod-uid"), ElementsAre("pod-uid"));
  EXPECT_THAT(user.extra.at("authentication.kubernetes.io/node-name"), ElementsAre("n"));
  EXPECT_THAT((*r)->audiences, ElementsAre("api"));
}

TEST_F(AccountTokensTest, TimesAreLookedAtWithAMinutesLeeway) {
  TokenClaims of = claims();
  clock_.advance(std::chrono::seconds(3660));
  EXPECT_EQ(why(of), "");
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(why(of), "service account token has expired");
  of.expires = std::nullopt;
  EXPECT_EQ(why(of), "");
  of.not_before = kNow + 10'000;
  EXPECT_EQ(why(of), "service account token is not valid yet");
  of.not_before = std::nullopt;
  of.issued = kNow + 10'000;
  EXPECT_EQ(why(of), "service account token is issued in the future");
}

TEST_F(AccountTokensTest, ItEndsWithTheAccount) {
  auto& account = objects_.objects[{BoundKind::Account, "ns/sa"}];
  account.deleted = clock_.wall();
  EXPECT_EQ(why(claims()), "") << "for a minute";
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(why(claims()), "service account ns/sa has been deleted");
  account = {"another", std::nullopt};
  EXPECT_EQ(why(claims()), "service account UID (another) does not match claim (account-uid)");
  objects_.objects.clear();
  EXPECT_EQ(why(claims()), "serviceaccounts \"sa\" not found");
}

TEST_F(AccountTokensTest, ItEndsWithWhatItIsBoundTo) {
  const std::tuple<BoundKind, std::optional<NamedObject> TokenClaims::*, const char*, const char*> bound[] = {
      {BoundKind::Pod, &TokenClaims::pod, "ns/x", "pod"},
      {BoundKind::Secret, &TokenClaims::secret, "ns/x", "secret"},
      {BoundKind::Node, &TokenClaims::node, "/x", "node"},
  };
  for (const auto& [kind, member, place, what] : bound) {
    TokenClaims of = claims();
    of.*member = {"x", "u"};
    auto& object = objects_.objects[{kind, place}] = {"u", std::nullopt};
    EXPECT_EQ(why(of), "") << what;
    object.deleted = clock_.wall() - std::chrono::seconds(61);
    EXPECT_EQ(why(of), "service account token has been invalidated") << what;
    object = {"v", std::nullopt};
    EXPECT_EQ(why(of),
              std::string(what) + " UID (v) does not match service account " + what + " ref claim (u)");
    objects_.objects.erase({kind, place});
    EXPECT_EQ(why(of), "service account token has been invalidated") << what;
  }
}

TEST_F(AccountTokensTest, TheAudienceMustBeMeant) {
  TokenClaims of = claims();
  of.audiences = {"a", "api2"};
  EXPECT_THAT((*verify(of))->audiences, ElementsAre("api2"));
  EXPECT_THAT((*verify(of, {"x", "a"}))->audiences, ElementsAre("a"));
  EXPECT_EQ(verify(of, {"x"}).error().message(),
            "token audiences [\"a\" \"api2\"] is invalid for the target audiences [\"x\"]");
}

TEST_F(AccountTokensTest, WhoSignedItMustBeKnown) {
  const auto other = pki::SigningKey::create();
  const auto r = tokens_.verify(*sign_jwt(*other, encode_claims(claims())), {});
  EXPECT_EQ(r.error().message(), "invalid signature, no keys found");
  std::string bent = token(claims());
  bent[bent.size() - 10] = bent[bent.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(tokens_.verify(bent, {}).error().message(), "invalid signature");
  TokenClaims of = claims();
  of.issuer = "https://older";
  EXPECT_EQ(why(of), "");
  of.issuer = "https://nobody";
  EXPECT_EQ(why(of), "not ours");
  for (const char* text : {"", "junk", "a.b.c"}) EXPECT_FALSE(*tokens_.verify(text, {})) << text;
  of = claims();
  of.subject = "system:serviceaccount:ns:other";
  EXPECT_EQ(why(of), "sub claim is invalid");
}

TEST_F(AccountTokensTest, AProofIsRememberedAndTheRestIsAskedAgain) {
  const std::string good = token(claims());
  EXPECT_TRUE(*tokens_.verify(good, {}));
  // More others than are remembered: the proof is made again.
  TokenClaims of = claims();
  for (size_t i = 0; i < 2 * AccountTokens::kRemembered + 2; ++i) {
    of.id = std::to_string(i);
    ASSERT_TRUE(*verify(of));
  }
  EXPECT_TRUE(*tokens_.verify(good, {}));
  objects_.objects.clear();
  EXPECT_FALSE(tokens_.verify(good, {}).ok()) << "revoked, however well it is known";
}

TEST_F(AccountTokensTest, ALegacyOneIsTheCopyThatItsSecretHolds) {
  TokenClaims of;
  of.issuer = kLegacyIssuer;
  of.subject = "system:serviceaccount:ns:sa";
  of.namespace_ = "ns";
  of.account = {"sa", "account-uid"};
  of.secret = {"s", ""};
  EXPECT_EQ(why(of), "Token has been invalidated");
  objects_.held = "another";
  EXPECT_EQ(why(of), "Token does not match server's copy");
  objects_.held = token(of);
  const auto r = tokens_.verify(*objects_.held, {});
  ASSERT_TRUE(r.ok()) << r.error().message();
  EXPECT_THAT((*r)->audiences, ElementsAre("api", "api2"));
  EXPECT_TRUE((*r)->user.extra.empty());
}

}  // namespace
}  // namespace mizzen::auth
