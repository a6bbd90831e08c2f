#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "pki/authority.h"
#include "pki/keystore.h"
#include "pki/token.h"

namespace mizzen::pki {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PkiTest : public ::testing::Test {
 protected:
  PkiTest() {
    char name[] = "/tmp/mizzen-pki-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~PkiTest() override { std::filesystem::remove_all(folder_); }
  std::string openssl(const std::string& arguments) const {
    std::string out;
    FILE* pipe = ::popen(("cd " + folder_ + " && openssl " + arguments + " 2>&1").c_str(), "r");
    std::array<char, 512> buffer{};
    while (size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
    ::pclose(pipe);
    return out;
  }
  std::string folder_;
  WallTime now_ = real_clock().wall();
};

const CertificateRequest kServer = {.common_name = "kube-apiserver",
                                    .dns_names = {"localhost", "kubernetes.default.svc"},
                                    .ip_addresses = {"127.0.0.1", "0:0::1", "10.96.0.1"},
                                    .server = true};

TEST_F(PkiTest, OpensslAcceptsWhatTheAuthorityIssues) {
  auto ca = ensure_authority(folder_, "ca", "mizzen-ca", now_);
  ASSERT_TRUE(ca.ok());
  ASSERT_TRUE(ensure_issued(*ca, folder_, "server", kServer, now_).ok());
  EXPECT_THAT(openssl("verify -x509_strict -purpose sslserver -CAfile ca.crt server.crt"),
              HasSubstr("server.crt: OK"));
  EXPECT_THAT(openssl("verify -purpose sslclient -CAfile ca.crt server.crt"), HasSubstr("unsuitable"));
  const auto text = openssl("x509 -in server.crt -noout -text");
  EXPECT_THAT(
      text,
      HasSubstr(
          "DNS:localhost, DNS:kubernetes.default.svc, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1"));
  EXPECT_THAT(text, HasSubstr("ASN1 OID: prime256v1"));
  EXPECT_THAT(openssl("pkey -in server.key -noout -check"), HasSubstr("valid"));
}

TEST_F(PkiTest, ClientCertificateCarriesNameAndOrganisations) {
  auto ca = Authority::create("mizzen-ca", now_);
  auto pair =
      ca->issue({.common_name = "admin", .organisations = {"system:masters", "ops"}, .client = true}, now_);
  ASSERT_TRUE(pair.ok());
  auto info = verify_certificate(pair->certificate_pem, ca->certificate_pem(), Purpose::Client, now_);
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_EQ(info->common_name, "admin");
  EXPECT_THAT(info->organisations, ElementsAre("system:masters", "ops"));
  EXPECT_EQ(info->issuer_common_name, "mizzen-ca");
  EXPECT_TRUE(info->client_use && !info->server_use && !info->authority);
  EXPECT_FALSE(verify_certificate(pair->certificate_pem, ca->certificate_pem(), Purpose::Server, now_).ok());
}

TEST_F(PkiTest, StrangersExpiredAndMalformedAreRefused) {
  auto ca = Authority::create("mizzen-ca", now_);
  auto stranger = Authority::create("mizzen-ca", now_);
  auto pair =
      stranger->issue({.common_name = "admin", .organisations = {"system:masters"}, .client = true}, now_);
  EXPECT_FALSE(verify_certificate(pair->certificate_pem, ca->certificate_pem(), Purpose::Client, now_).ok());
  auto short_lived = ca->issue({.common_name = "x", .client = true, .lifetime = hours(1)}, now_);
  const auto& pem = short_lived->certificate_pem;
  EXPECT_TRUE(
      verify_certificate(pem, ca->certificate_pem(), Purpose::Client, now_ + std::chrono::minutes(59)).ok());
  EXPECT_FALSE(
      verify_certificate(pem, ca->certificate_pem(), Purpose::Client, now_ + std::chrono::minutes(61)).ok());
  EXPECT_FALSE(verify_certificate(pem, ca->certificate_pem(), Purpose::Client, now_ - hours(1)).ok());
  EXPECT_FALSE(verify_certificate("nothing", ca->certificate_pem(), Purpose::Client, now_).ok());
  EXPECT_FALSE(verify_certificate(pem, "", Purpose::Client, now_).ok());
  EXPECT_FALSE(parse_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").ok());
  EXPECT_FALSE(parse_certificate_der("\x30\x03").ok());
}

TEST_F(PkiTest, SelfSignedLeafDoesNotPassAsAuthority) {
  auto ca = Authority::create("mizzen-ca", now_);
  auto pair = ca->issue({.common_name = "evil", .client = true}, now_);
  EXPECT_FALSE(Authority::from_pem(*pair).ok());
}

TEST_F(PkiTest, NameCannotSmuggleInOthers) {
  auto ca = Authority::create("mizzen-ca", now_);
  auto pair = ca->issue({.common_name = "n", .dns_names = {"a,DNS:evil"}, .server = true}, now_);
  ASSERT_TRUE(pair.ok());
  EXPECT_THAT(parse_certificate(pair->certificate_pem)->dns_names, ElementsAre("a,DNS:evil"));
  EXPECT_FALSE(ca->issue({.common_name = "n", .ip_addresses = {"1.2.3"}, .server = true}, now_).ok());
  EXPECT_FALSE(ca->issue({.common_name = "n", .server = true}, now_).ok());
  EXPECT_FALSE(ca->issue({.common_name = "n"}, now_).ok());
  EXPECT_FALSE(ca->issue({.common_name = std::string(65, 'x'), .client = true}, now_).ok())
      << "ub-common-name is 64";
}

TEST_F(PkiTest, CertificateEndsNoLaterThanItsAuthority) {
  auto ca = Authority::create("short", now_, hours(24));
  auto pair = ca->issue({.common_name = "x", .client = true}, now_);
  EXPECT_EQ(parse_certificate(pair->certificate_pem)->not_after,
            parse_certificate(ca->certificate_pem())->not_after);
}

TEST_F(PkiTest, KeysAreForTheOwnerOnly) {
  auto ca = ensure_authority(folder_ + "/pki", "ca", "mizzen-ca", now_);
  ASSERT_TRUE(ca.ok());
  struct stat st{};
  ASSERT_EQ(::stat((folder_ + "/pki/ca.key").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
  ASSERT_EQ(::stat((folder_ + "/pki").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0700u);
  ::chmod((folder_ + "/pki/ca.key").c_str(), 0644);
  auto open = load_pair(folder_ + "/pki", "ca");
  ASSERT_FALSE(open.ok());
  EXPECT_EQ(open.error().code(), Code::Forbidden);
}

TEST_F(PkiTest, AuthorityIsKeptAndNeverReplaced) {
  auto first = ensure_authority(folder_, "ca", "mizzen-ca", now_);
  auto second = ensure_authority(folder_, "ca", "mizzen-ca", now_);
  EXPECT_EQ(first->certificate_pem(), second->certificate_pem());
  ASSERT_TRUE(write_file(folder_ + "/ca.key", "broken", 0600).ok());
  EXPECT_FALSE(ensure_authority(folder_, "ca", "mizzen-ca", now_).ok());
  EXPECT_EQ(*read_file(folder_ + "/ca.key"), "broken");
}

TEST_F(PkiTest, IssuedPairIsReplacedWhenNamesChangeOrTimeRunsOut) {
  auto ca = ensure_authority(folder_, "ca", "mizzen-ca", now_);
  auto first = ensure_issued(*ca, folder_, "server", kServer, now_);
  EXPECT_EQ(ensure_issued(*ca, folder_, "server", kServer, now_)->certificate_pem, first->certificate_pem);
  auto later = ensure_issued(*ca, folder_, "server", kServer, now_ + hours(24 * 300));
  EXPECT_NE(later->certificate_pem, first->certificate_pem);
  auto renamed = kServer;
  renamed.dns_names.push_back("node-1");
  EXPECT_NE(ensure_issued(*ca, folder_, "server", renamed, now_ + hours(24 * 300))->certificate_pem,
            later->certificate_pem);
}

TEST_F(PkiTest, CrashBetweenKeyAndCertificateHealsItself) {
  auto ca = ensure_authority(folder_, "ca", "mizzen-ca", now_);
  ASSERT_TRUE(ensure_issued(*ca, folder_, "server", kServer, now_).ok());
  ASSERT_TRUE(write_file(folder_ + "/server.key", *generate_key(), 0600).ok());
  EXPECT_FALSE(load_pair(folder_, "server").ok());
  auto healed = ensure_issued(*ca, folder_, "server", kServer, now_);
  ASSERT_TRUE(healed.ok());
  EXPECT_TRUE(key_matches(*healed));
}

TEST(Token, IsLongUniqueAndComparedWhole) {
  const auto a = new_token(secure_random());
  EXPECT_EQ(a.size(), 43u);
  EXPECT_NE(a, new_token(secure_random()));
  EXPECT_TRUE(equal_secrets(a, std::string(a)));
  EXPECT_FALSE(equal_secrets(a, a.substr(1)));
  EXPECT_FALSE(equal_secrets(a, (a[0] == 'x' ? "y" : "x") + a.substr(1)));
  EXPECT_THAT(*public_key(*generate_key()), HasSubstr("BEGIN PUBLIC KEY"));
}

}  // namespace
}  // namespace mizzen::pki
