#include "kubelet/images/keyring.h"

#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

api::core::v1::Secret secret(const std::string& type, const std::string& key, const std::string& text) {
  api::core::v1::Secret out;
  out.metadata.name = "s";
  out.metadata.uid = "u";
  out.type = type;
  out.data.set(key, text);
  return out;
}
api::core::v1::Secret config_json(const std::string& auths) {
  return secret("kubernetes.io/dockerconfigjson", ".dockerconfigjson", R"({"auths":)" + auths + "}");
}
/// Users in the order in which they are tried.
std::string users(const Keyring& keyring, const std::string& image) {
  std::string out;
  for (const auto& c : keyring.find(image)) out += c.auth.username + " ";
  return out;
}

TEST(Keyring, KeysAreMatchedByPartsOfTheHostPortAndPath) {
  EXPECT_TRUE(key_matches("quay.io/team", "quay.io/team/app:1"));
  EXPECT_TRUE(key_matches("*.example.com", "reg.example.com/app"));
  EXPECT_TRUE(key_matches("reg*.example.com:5000/x", "reg1.example.com:5000/x/app"));
  EXPECT_FALSE(key_matches("*.example.com", "example.com/app"));
  EXPECT_FALSE(key_matches("*.com", "reg.example.com/app")) << "a glob stays in its part";
  EXPECT_FALSE(key_matches("reg.example.com", "reg.example.com:5000/app"));
  EXPECT_FALSE(key_matches("quay.io", "nginx"));
  EXPECT_FALSE(key_matches("", "quay.io/x"));
}

TEST(Keyring, TheMostSpecificIsTriedFirst) {
  Keyring keyring;
  ASSERT_TRUE(keyring
                  .add(config_json(R"({"quay.io":{"username":"host","password":"p"},
                                       "https://quay.io/v2/team":{"username":"team","password":"p"},
                                       "*.io":{"username":"glob","password":"p"}})"))
                  .ok());
  EXPECT_EQ(users(keyring, "quay.io/team/app:1"), "team host glob ");
  EXPECT_EQ(users(keyring, "quay.io/other"), "host glob ");
  EXPECT_EQ(users(keyring, "gcr.io/x"), "glob ");
  EXPECT_EQ(users(keyring, "nginx"), "glob ") << "docker.io";
  ASSERT_TRUE(keyring.add(config_json(R"({"nginx":{"username":"machine","password":"p"}})")).ok());
  EXPECT_EQ(users(keyring, "nginx"), "glob ") << "a machine of that name is not docker's registry";
}

TEST(Keyring, NullIsNothing) {
  Keyring keyring;
  EXPECT_TRUE(keyring.add(config_json("null")).ok());
  EXPECT_TRUE(keyring.add(config_json(R"({"quay.io":null})")).ok());
  EXPECT_EQ(users(keyring, "quay.io/x"), "");
  EXPECT_FALSE(keyring.add(config_json("3")).ok());
}

TEST(Keyring, DockerHubHasSeveralNames) {
  for (const char* key : {"https://index.docker.io/v1/", "docker.io", "index.docker.io"}) {
    Keyring keyring;
    ASSERT_TRUE(
        keyring.add(config_json(R"({")" + std::string(key) + R"(":{"auth":"dXNlcjpwYTpzcw=="}})")).ok());
    for (const char* image : {"nginx", "library/nginx:1", "docker.io/library/nginx"})
      EXPECT_EQ(users(keyring, image), "user ") << key << " " << image;
    EXPECT_EQ(keyring.find("nginx").at(0).auth.password, "pa:ss") << "the first colon parts them";
    EXPECT_EQ(users(keyring, "quay.io/nginx"), "");
  }
}

TEST(Keyring, TheOldFormIsReadToo) {
  Keyring keyring;
  ASSERT_TRUE(
      keyring.add(secret("kubernetes.io/dockercfg", ".dockercfg", R"({"r.io":{"auth":"dTpw"}})")).ok());
  ASSERT_EQ(users(keyring, "r.io/a"), "u ");
  EXPECT_EQ(keyring.find("r.io/a").at(0).secret.name, "s");
}

TEST(Keyring, WhatCannotBeReadIsSaidAndOtherTypesArePassedOver) {
  Keyring keyring;
  EXPECT_FALSE(keyring.add(config_json("[")).ok());
  EXPECT_EQ(keyring.add(config_json("[]")).error().message(),
            "error occurred while trying to unmarshal json");
  EXPECT_EQ(keyring.add(config_json(R"({"r.io":{"auth":"!"}})")).error().message(),
            "unable to parse auth field, must be formatted as base64(username:password)");
  EXPECT_TRUE(keyring.add(secret("Opaque", ".dockerconfigjson", "[")).ok());
  EXPECT_EQ(users(keyring, "r.io/a"), "");
}

}  // namespace
}  // namespace mizzen::kubelet
