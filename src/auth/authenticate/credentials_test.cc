#include "auth/authenticate/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mizzen::auth {
namespace {

using ::testing::ElementsAre;

/// Knows one token, and is told of others that they are no good.
class OneToken final : public TokenVerifier {
 public:
  explicit OneToken(std::string known) : known_(std::move(known)) {}
  Result<std::optional<TokenIdentity>> verify(std::string_view token,
                                              const std::vector<std::string>& audiences) const override {
    if (token == known_) return std::optional(TokenIdentity{{known_ + "-user", {"g"}}, audiences});
    if (token == known_ + "-old") return Error(Code::Unauthorized, known_ + " is old");
    return std::optional<TokenIdentity>();
  }

 private:
  const std::string known_;
};

class CredentialsTest : public ::testing::Test {
 protected:
  Result<User> ask(const std::string& authorization) const {
    http::Request request;
    if (!authorization.empty()) request.headers.add("Authorization", authorization);
    return credentials_.authenticate(request);
  }
  const OneToken a_{"a"}, b_{"b"};
  const Credentials credentials_{{&a_, &b_}};
};

TEST_F(CredentialsTest, ABearerTokenIsTriedAsEachKind) {
  for (const char* header : {"Bearer b", "bearer  b "}) {
    const auto user = ask(header);
    ASSERT_TRUE(user.ok());
    EXPECT_EQ(user->name, "b-user");
    EXPECT_THAT(user->groups, ElementsAre("g", "system:authenticated"));
  }
}

TEST_F(CredentialsTest, WhatIsNoGoodIsToldWithoutAReason) {
  for (const char* header : {"Bearer x", "Bearer a-old", "Bearer ", "Basic eDp5"}) {
    const auto user = ask(header);
    ASSERT_FALSE(user.ok()) << header;
    EXPECT_EQ(user.error().code(), Code::Unauthorized);
    EXPECT_EQ(user.error().message(), "Unauthorized");
  }
  EXPECT_EQ(ask("")->name, kAnonymous);
}

TEST_F(CredentialsTest, AReviewTellsTheReason) {
  EXPECT_THAT(credentials_.review("a", {"x"})->audiences, ElementsAre("x"));
  EXPECT_EQ(credentials_.review("x", {}).error().message(), "invalid bearer token");
  EXPECT_EQ(credentials_.review("b-old", {}).error().message(), "[invalid bearer token, b is old]");
}

}  // namespace
}  // namespace mizzen::auth
