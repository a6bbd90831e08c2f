#include "controllers/objects/account_tokens/decide.h"

#include <gtest/gtest.h>

namespace mizzen::controllers::account_tokens {
namespace {

Secret secret_of(const std::string& account) {
  Secret out;
  out.metadata.name = "s";
  out.metadata.namespace_ = "ns";
  out.metadata.annotations.set("kubernetes.io/service-account.name", account);
  out.type = kType;
  return out;
}

ServiceAccount account_named(const std::string& name) {
  ServiceAccount out;
  out.metadata.name = name;
  out.metadata.uid = "u";
  return out;
}

const ClusterKeys kKeys{"PEM",
                        [](const ServiceAccount& account, const std::string& secret) -> Result<std::string> {
                          return "token of " + account.metadata.name + " in " + secret;
                        }};

TEST(AccountTokensDecide, OnlySecretsOfTheTypeAreMeant) {
  Secret secret = secret_of("sa");
  EXPECT_EQ(account_of(secret), "sa");
  secret.type = "Opaque";
  EXPECT_EQ(account_of(secret), "");
}

TEST(AccountTokensDecide, WhatIsMissingIsFilledInAndTheRestStays) {
  Secret secret = secret_of("sa");
  secret.data.set("mine", "x");
  const auto made = filled(secret, account_named("sa"), kKeys);
  ASSERT_TRUE(made.ok() && *made);
  const Secret& out = **made;
  EXPECT_EQ(out.data.get("token"), "token of sa in s");
  EXPECT_EQ(out.data.get("ca.crt"), "PEM");
  EXPECT_EQ(out.data.get("namespace"), "ns");
  EXPECT_EQ(out.data.get("mine"), "x");
  EXPECT_EQ(out.metadata.annotations.get("kubernetes.io/service-account.uid"), "u");
  EXPECT_FALSE(*filled(out, account_named("sa"), kKeys)) << "at rest";
  Secret old_authority = out;
  old_authority.data.set("ca.crt", "older");
  old_authority.data.set("token", "kept");
  const auto renewed = filled(old_authority, account_named("sa"), kKeys);
  ASSERT_TRUE(renewed.ok() && *renewed);
  EXPECT_EQ((*renewed)->data.get("ca.crt"), "PEM");
  EXPECT_EQ((*renewed)->data.get("token"), "kept");
}

TEST(AccountTokensDecide, ASecretOfAnAccountThatHasGoneIsNotItsSuccessors) {
  Secret secret = secret_of("sa");
  EXPECT_TRUE(belongs(secret, account_named("sa")));
  secret.metadata.annotations.set("kubernetes.io/service-account.uid", "older");
  EXPECT_FALSE(belongs(secret, account_named("sa")));
}

TEST(AccountTokensDecide, ASignerThatFailsIsToldOf) {
  const ClusterKeys broken{"", [](const ServiceAccount&, const std::string&) -> Result<std::string> {
                             return Error(Code::InternalError, "no");
                           }};
  EXPECT_FALSE(filled(secret_of("sa"), account_named("sa"), broken).ok());
}

}  // namespace
}  // namespace mizzen::controllers::account_tokens
