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

}  // namespace mizzen::apps
