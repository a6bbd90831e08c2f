#include "pki/signing_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace mizzen::pki {
namespace {

class SigningKeyTest : public ::testing::Test {
 protected:
  SigningKeyTest() {
    char name[] = "/tmp/mizzen-pki-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~SigningKeyTest() override { std::filesystem::remove_all(folder_); }
  /// What the command `openssl` prints.
  std::string openssl(const std::string& arguments) const {
    std::string out;
    FILE* pipe = ::popen(("cd " + folder_ + " && openssl " + arguments + " 2>/dev/null").c_str(), "r");
    std::array<char, 512> buffer{};
    while (size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
    ::pclose(pipe);
    return out;
  }
  std::string folder_;
};

TEST_F(SigningKeyTest, WhatOneKeySignsItsPublicHalfProves) {
  const std::pair<const char*, const char*> kinds[] = {
      {"genrsa 2048", "RS256"},
      {"ecparam -name prime256v1 -genkey -noout", "ES256"},
      {"ecparam -name secp384r1 -genkey -noout", "ES384"},
      {"ecparam -name secp521r1 -genkey -noout", "ES512"},
  };
  const size_t sizes[] = {256, 64, 96, 132};
  for (size_t i = 0; i < std::size(kinds); ++i) {
    const auto key = SigningKey::from_pem(openssl(kinds[i].first));
    ASSERT_TRUE(key.ok()) << kinds[i].first << ": " << key.error().message();
    const VerifyingKey& half = key->public_key();
    EXPECT_EQ(half.algorithm(), kinds[i].second);
    for (int round = 0; round < 20; ++round) {  // numbers of a signature begin with zeros now and then
      const auto signature = key->sign("said");
      ASSERT_TRUE(signature.ok());
      EXPECT_EQ(signature->size(), sizes[i]);
      EXPECT_TRUE(half.verify("said", *signature));
      EXPECT_FALSE(half.verify("something else", *signature));
      std::string bent = *signature;
      bent[bent.size() / 3] ^= 1;
      EXPECT_FALSE(half.verify("said", bent));
    }
    for (const char* nonsense : {"", "short"}) EXPECT_FALSE(half.verify("said", nonsense));
    EXPECT_FALSE(half.verify("said", std::string(sizes[i], '\0')));
    const auto read = read_verifying_keys(*half.pem());
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->at(0).id(), half.id());
    EXPECT_EQ(read->at(0).jwk(), half.jwk());
  }
}

TEST_F(SigningKeyTest, KeysAreNamedAndShownAsUpstreamDoes) {
  // A key of upstream's own tests, its `kid`, and what /openid/v1/jwks says of it.
  const auto keys = read_verifying_keys(R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEH6cuzP8XuD5wal6wf9M6xDljTOPL
X2i8uIp/C/ASqiIGUeeKQtX0/IR3qCXyThP/dbCiHrF3v1cuhBOHY8CLVg==
-----END PUBLIC KEY-----
)");
  ASSERT_TRUE(keys.ok()) << keys.error().message();
  EXPECT_EQ(keys->at(0).id(), "SoABiieYuNx4UdqYvZRVeuC6SihxgLrhLy9peHMHpTc");
  EXPECT_EQ(keys->at(0).jwk(),
            R"({"use":"sig","kty":"EC","kid":"SoABiieYuNx4UdqYvZRVeuC6SihxgLrhLy9peHMHpTc","crv":"P-256",)"
            R"("alg":"ES256","x":"H6cuzP8XuD5wal6wf9M6xDljTOPLX2i8uIp_C_ASqiI",)"
            R"("y":"BlHnikLV9PyEd6gl8k4T_3Wwoh6xd79XLoQTh2PAi1Y"})");
}

TEST_F(SigningKeyTest, AFileMayHaveSeveralKeysInSeveralForms) {
  const std::string certificate =
      openssl("req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=x -days 1");
  const std::string with_parameters = openssl("ecparam -name prime256v1 -genkey");
  ASSERT_THAT(with_parameters, ::testing::HasSubstr("EC PARAMETERS"));
  const auto keys = read_verifying_keys(certificate + with_parameters + openssl("genrsa -traditional 2048"));
  ASSERT_TRUE(keys.ok()) << keys.error().message();
  ASSERT_EQ(keys->size(), 3u);
  EXPECT_EQ(keys->at(1).algorithm(), "ES256");
  const std::string edwards = openssl("genpkey -algorithm ed25519");
  EXPECT_FALSE(read_verifying_keys(edwards).ok());
  EXPECT_FALSE(SigningKey::from_pem(edwards).ok());
  EXPECT_FALSE(read_verifying_keys("nothing").ok());
  EXPECT_FALSE(SigningKey::from_pem(certificate).ok()) << "no private half";
}

TEST_F(SigningKeyTest, OneIsKeptAndNeverReplaced) {
  const auto made = ensure_signing_key(folder_ + "/pki", "sa");
  ASSERT_TRUE(made.ok()) << made.error().message();
  const std::string path = folder_ + "/pki/sa.key";
  struct stat st{};
  ASSERT_EQ(::stat(path.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
  const auto again = ensure_signing_key(folder_ + "/pki", "sa");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_key().id(), made->public_key().id());
  EXPECT_EQ(read_verifying_keys(*read_file(folder_ + "/pki/sa.pub"))->at(0).id(), made->public_key().id());
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(ensure_signing_key(folder_ + "/pki", "sa").error().code(), Code::Forbidden);
  ASSERT_TRUE(write_file(path, "broken", 0600).ok());
  EXPECT_FALSE(ensure_signing_key(folder_ + "/pki", "sa").ok());
  EXPECT_EQ(*read_file(path), "broken");
}

}  // namespace
}  // namespace mizzen::pki
