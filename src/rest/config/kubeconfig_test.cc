#include "rest/config/kubeconfig.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "base/strings.h"

namespace mizzen::rest {
namespace {

/// A folder that goes with the test.
struct Folder {
  explicit Folder(const std::string& name)
      : path(::testing::TempDir() + "/mizzen-" + name + "-" + std::to_string(::getpid())) {
    EXPECT_TRUE(make_folders(path).ok());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  const std::string path;
};

std::string config(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
         "contexts:\n- name: here\n  context: {cluster: c, user: u, namespace: n}\n"
         "- name: there\n  context: {cluster: other}\n"
         "clusters:\n- name: other\n  cluster: {server: \"http://[::1]:8080\"}\n- name: c\n  cluster: " +
         cluster + "\nusers:\n- name: u\n  user: " + user + "\n";
}

TEST(Kubeconfig, CertificatesStandInTheFile) {
  const auto read = read_kubeconfig(
      config(
          "{server: \"https://api.example:6443/k/\", tls-server-name: inner, certificate-authority-data: " +
              base64_encode("CA") + "}",
          "{client-certificate-data: " + base64_encode("CERT") +
              ", client-key-data: " + base64_encode("KEY") + ", as: jane, as-uid: u1, as-groups: [a, b]}"),
      "/nowhere");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->server.str(), "https://api.example:6443");
  EXPECT_EQ(read->base_path, "/k");
  EXPECT_EQ(read->tls.server_name, "inner");
  EXPECT_EQ(read->tls.ca_pem, "CA");
  EXPECT_EQ(read->tls.certificate_pem, "CERT");
  EXPECT_EQ(read->tls.key_pem, "KEY");
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(read->impersonation, (std::vector<Pair>{{"Impersonate-User", "jane"},
                                                    {"Impersonate-Uid", "u1"},
                                                    {"Impersonate-Group", "a"},
                                                    {"Impersonate-Group", "b"}}));
}

TEST(Kubeconfig, FilesAreReadBesideIt) {
  const Folder made("kubeconfig");
  const std::string& folder = made.path;
  ASSERT_TRUE(write_file(folder + "/ca.pem", "CA").ok());
  ASSERT_TRUE(write_file(folder + "/config",
                         config("{server: \"https://a\", certificate-authority: ca.pem}", "{tokenFile: t}"))
                  .ok());
  const auto read = load_kubeconfig(folder + "/config");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->tls.ca_pem, "CA");
  EXPECT_EQ(read->token_file, folder + "/t");
  EXPECT_EQ(read->server.port, 443);
  const auto other = load_kubeconfig(folder + "/config", "there");
  ASSERT_TRUE(other.ok()) << other.error().message();
  EXPECT_EQ(other->server.str(), "http://[::1]:8080");
  EXPECT_EQ(load_kubeconfig(folder + "/none").error().code(), Code::NotFound);
}

struct Wrong {
  const char* cluster;
  const char* user;
  const char* error;
};

TEST(Kubeconfig, WhatIsWrongOrUnknownIsNamed) {
  const Wrong cases[] = {
      {"{}", "{}", "kubeconfig: clusters[c].cluster.server: must be set"},
      {"{server: 7}", "{}", "kubeconfig: clusters[c].cluster.server: must be a string"},
      {"{server: \"https://a\", proxy-url: \"http://p\"}", "{}",
       "kubeconfig: clusters[c].cluster.proxy-url: is not supported"},
      {"{server: \"https://a\", certificate-authority-data: \"*\"}", "{}",
       "kubeconfig: clusters[c].cluster.certificate-authority-data: illegal base64 data"},
      {"{server: \"https://a\"}", "{exec: {command: x}}", "kubeconfig: users[u].user.exec: is not supported"},
      {"{server: \"https://a\"}", "{client-key-data: \"YQ==\"}",
       "kubeconfig: users[u].user.client-certificate: needs client-key, and the other way"},
      {"{server: \"https://a\"}", "{token: t, username: me}",
       "kubeconfig: users[u].user.token: username/password or bearer token may be set, but not both"},
      {"{server: \"https://a\", insecure-skip-tls-verify: yes please}", "{}",
       "kubeconfig: clusters[c].cluster.insecure-skip-tls-verify: must be true or false"},
  };
  for (const Wrong& c : cases) {
    const auto read = read_kubeconfig(config(c.cluster, c.user), "/nowhere");
    ASSERT_FALSE(read.ok()) << c.error;
    EXPECT_EQ(read.error().message(), c.error);
  }
  EXPECT_EQ(read_kubeconfig(config("{server: a}", "{}"), ".", "none").error().message(),
            "kubeconfig: contexts: \"none\" does not exist");
  EXPECT_FALSE(read_kubeconfig("{", ".").ok());
  EXPECT_EQ(read_kubeconfig("[]", ".").error().message(), "kubeconfig: is not an object");
  EXPECT_EQ(read_kubeconfig("{}", ".").error().message(), "kubeconfig: current-context: must be set");
}

TEST(Kubeconfig, InClusterNeedsTheServicesAddress) {
  EXPECT_EQ(in_cluster_config("", "443").error().code(), Code::NotFound);
  const Folder made("in-cluster");
  const std::string& folder = made.path;
  ASSERT_TRUE(write_file(folder + "/token", "secret").ok());
  ASSERT_TRUE(write_file(folder + "/ca.crt", "CA").ok());
  const auto read = in_cluster_config("10.96.0.1", "443", folder);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->server.str(), "https://10.96.0.1:443");
  EXPECT_EQ(read->token_file, folder + "/token");
}

}  // namespace
}  // namespace mizzen::rest
