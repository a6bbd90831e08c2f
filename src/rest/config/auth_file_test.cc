#include "rest/config/auth_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace mizzen::rest {
namespace {

// S2.9, S2.11
TEST(AuthFile, SaysWhoAsksTheFirstServer) {
  const std::string path = ::testing::TempDir() + "/mizzen-kubernetes-auth";
  ASSERT_TRUE(write_file(path, R"({"BearerToken": "secret", "Insecure": true})").ok());
  const auto token = load_auth_file("https://127.0.0.1:6443,https://other:6443", path);
  ASSERT_TRUE(token.ok()) << token.error().message();
  EXPECT_EQ(token->server.host, "127.0.0.1");
  EXPECT_EQ(token->token, "secret");
  EXPECT_TRUE(token->tls.insecure_skip_verify);
  ASSERT_TRUE(write_file(path, R"({"User": "u", "Password": "p", "CAFile": "ca"})").ok());
  EXPECT_FALSE(load_auth_file("https://127.0.0.1:6443", path).ok()) << "there is no such file";
  ASSERT_TRUE(write_file(path, R"({"User": "u", "Password": "p"})").ok());
  const auto user = load_auth_file("https://127.0.0.1:6443", path);
  ASSERT_TRUE(user.ok()) << user.error().message();
  EXPECT_EQ(user->user, "u");
  EXPECT_EQ(user->password, "p");
  ASSERT_TRUE(write_file(path, "[").ok());
  EXPECT_FALSE(load_auth_file("https://127.0.0.1:6443", path).ok());
  std::filesystem::remove(path);
  EXPECT_TRUE(load_auth_file("http://127.0.0.1:8080", "").ok());
}

}  // namespace
}  // namespace mizzen::rest
