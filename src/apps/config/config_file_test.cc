#include "apps/config/config_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace mizzen::apps {

const std::set<std::string> kFlags{"secure-port", "bind-address", "tls-san", "disable-node", "x", "a", "b"};

TEST(ConfigFile, KeysBecomeFlags) {
  const auto words = config_words(
      "secure-port: 7443\nbind-address: 127.0.0.1\ntls-san: [a, b]\ndisable-node: true\nx: false\n", kFlags);
  ASSERT_TRUE(words.ok()) << words.error().message();
  EXPECT_EQ(*words, (std::vector<std::string>{"--bind-address=127.0.0.1", "--disable-node",
                                              "--secure-port=7443", "--tls-san=a", "--tls-san=b"}))
      << "keys in order, values of one key as they stand";
  EXPECT_TRUE(config_words("# nothing\n", kFlags)->empty());
}

TEST(ConfigFile, WhatIsNoMappingIsRefused) {
  for (const char* bad : {"- a", "a: {b: c}", "a: [[b]]", "a: b: c", "a: 1\n---\nb: 2\n", "secure-prot: 1"})
    EXPECT_FALSE(config_words(bad, kFlags).ok()) << bad;
}

TEST(ConfigFile, FlagsComeAfterTheFileAndSoWin) {
  const std::string path = testing::TempDir() + "/mizzen-config-test.yaml";
  ASSERT_TRUE(write_file(path, "secure-port: 1\n").ok());
  const auto words = with_config_file({"server", "--config", path, "--secure-port=2"}, kFlags);
  ASSERT_TRUE(words.ok());
  EXPECT_EQ(*words, (std::vector<std::string>{"server", "--secure-port=1", "--secure-port=2"}));
  EXPECT_EQ(with_config_file({"server", "--config=/nowhere"}, kFlags).ok(), false);
  std::filesystem::remove(path);
}

// S2.2: flags had underscores once.
TEST(ConfigFile, UnderscoresInNamesOfFlagsAreDashes) {
  EXPECT_EQ(with_dashes({"kubelet", "--file_check_frequency=2s", "--root_dir", "/a_b", "--", "--x_y"}),
            (std::vector<std::string>{"kubelet", "--file-check-frequency=2s", "--root-dir", "/a_b", "--",
                                      "--x_y"}));
  EXPECT_EQ(with_dashes({"--config=/etc/a_b"}), (std::vector<std::string>{"--config=/etc/a_b"}));
}

TEST(ConfigFile, TheKubeletsIsAManifestAFolderOrAKubeletConfiguration) {
  const std::string path = testing::TempDir() + "/mizzen-kubelet-config-test.yaml";
  ASSERT_TRUE(write_file(path, "version: v1beta1\nid: web\ncontainers: []\n").ok());
  const auto manifest = with_kubelet_config({"kubelet", "--config=" + path, "-v=4"});
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(*manifest, (std::vector<std::string>{"kubelet", "--pod-manifest-path=" + path, "-v=4"}));
  EXPECT_EQ(*with_kubelet_config({"kubelet", "--config", testing::TempDir()}),
            (std::vector<std::string>{"kubelet", "--pod-manifest-path=" + testing::TempDir()}));
  ASSERT_TRUE(
      write_file(path,
                 "kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\n"
                 "staticPodPath: /etc/pods\nstaticPodURL: http://a/b\nfileCheckFrequency: 2s\n"
                 "staticPodURLHeader: {X-Key: [a, b]}\nclusterDNS: [10.0.0.10]\nenableServer: false\n")
          .ok());
  const auto words = with_kubelet_config({"kubelet", "--config=" + path, "--file-check-frequency=1s"});
  ASSERT_TRUE(words.ok()) << words.error().message();
  EXPECT_EQ(*words, (std::vector<std::string>{"kubelet", "--cluster-dns=10.0.0.10", "--enable-server=false",
                                              "--file-check-frequency=2s", "--pod-manifest-path=/etc/pods",
                                              "--manifest-url=http://a/b", "--manifest-url-header=X-Key:a",
                                              "--manifest-url-header=X-Key:b", "--file-check-frequency=1s"}))
      << "flags come last and win";
  ASSERT_TRUE(write_file(path, "kind: KubeletConfiguration\ncpuManagerPolicy: static\n").ok());
  EXPECT_FALSE(with_kubelet_config({"kubelet", "--config=" + path}).ok()) << "nothing is left out in silence";
  std::filesystem::remove(path);
}

}  // namespace mizzen::apps
