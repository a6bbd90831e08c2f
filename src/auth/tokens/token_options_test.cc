#include "auth/tokens/token_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "codec/json/tree.h"

namespace mizzen::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TokenOptionsTest : public ::testing::Test {
 protected:
  TokenOptionsTest() {
    char name[] = "/tmp/mizzen-keys-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~TokenOptionsTest() override { std::filesystem::remove_all(folder_); }
  std::string put(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(write_file(folder_ + "/" + name, text, 0600).ok());
    return folder_ + "/" + name;
  }
  std::string folder_;
};

TEST_F(TokenOptionsTest, AKeyIsMadeAndKeptWhereNoneIsNamed) {
  const auto first = open_token_keys({}, folder_, "h:1");
  ASSERT_TRUE(first.ok()) << first.error().message();
  EXPECT_EQ(first->issuer(), "https://kubernetes.default.svc.cluster.local");
  EXPECT_EQ(first->audiences, first->issuers);
  EXPECT_EQ(first->jwks_uri, "https://h:1/openid/v1/jwks");
  const auto again = open_token_keys({}, folder_, "h:1");
  EXPECT_EQ(again->signer.public_key().id(), first->signer.public_key().id());
}

TEST_F(TokenOptionsTest, OtherKeysProveTooAndDiscoveryNamesAll) {
  const auto one = pki::SigningKey::create(), two = pki::SigningKey::create();
  TokenOptions options;
  options.issuers = {"https://a\"b", "c"};
  options.audiences = {"x"};
  options.signing_key_file = put("sign.key", *one->pem());
  options.key_files = {put("both.pub", *two->public_key().pem() + *one->public_key().pem())};
  const auto keys = open_token_keys(options, folder_, "h:1");
  ASSERT_TRUE(keys.ok()) << keys.error().message();
  ASSERT_EQ(keys->verifiers.size(), 2u) << "the signer's own stands once";
  EXPECT_EQ(keys->verifiers[1].id(), two->public_key().id());
  const auto document = codec::Value::parse(openid_configuration(*keys));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->find("issuer")->text(), "https://a\"b");
  EXPECT_EQ(document->find("id_token_signing_alg_values_supported")->str(), R"(["ES256"])");
  const auto set = codec::Value::parse(json_web_keys(*keys));
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->find("keys")->items().size(), 2u);
}

TEST_F(TokenOptionsTest, WhatIsWrongIsToldByItsFlag) {
  const auto refused = [&](const TokenOptions& options) {
    const auto r = open_token_keys(options, folder_, "h:1");
    return r.ok() ? "" : r.error().message();
  };
  TokenOptions options;
  options.issuers.clear();
  EXPECT_THAT(refused(options), HasSubstr("--service-account-issuer"));
  options = {};
  options.expiration_max = std::chrono::seconds(5);
  EXPECT_THAT(refused(options), HasSubstr("--service-account-max-token-expiration"));
  options = {};
  options.jwks_uri = "http://x";
  EXPECT_THAT(refused(options), HasSubstr("--service-account-jwks-uri"));
  options = {};
  options.signing_key_file = folder_ + "/none";
  EXPECT_THAT(refused(options), HasSubstr("--service-account-signing-key-file"));
  options = {};
  options.key_files = {put("empty", "")};
  EXPECT_THAT(refused(options), HasSubstr("--service-account-key-file"));
}

TEST_F(TokenOptionsTest, OnlyAPlainHttpsIssuerIsDiscovered) {
  EXPECT_TRUE(discoverable("https://a/b"));
  for (const char* issuer : {"a", "http://a", "https://a?b", "https://a#b"})
    EXPECT_FALSE(discoverable(issuer)) << issuer;
}

}  // namespace
}  // namespace mizzen::auth
