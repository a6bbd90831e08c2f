#include "network/plan/network_options.h"

#include <gtest/gtest.h>

namespace mizzen::network {
namespace {

TEST(NetworkOptions, WhatMakesNoSenseIsRefused) {
  const NetworkOptions good{.data_folder = "/x"};
  const auto refused = [&](auto edit) {
    NetworkOptions o = good;
    edit(o);
    const auto settings = node_settings(o);
    return !settings.ok() && settings.error().code() == Code::BadRequest;
  };
  ASSERT_TRUE(node_settings(good).ok());
  EXPECT_EQ(format_ipv4(node_settings(good)->ranges.front().gateway()), "10.42.0.1");
  for (const char* name : {"x; flush ruleset", "", "1x", "a{b"})
    EXPECT_TRUE(refused([&](auto& o) { o.table = name; })) << name;
  for (const char* name : {"", "sixteen-letters-", "a b", "a/b", ".."})
    EXPECT_TRUE(refused([&](auto& o) { o.bridge = name; })) << name;
  EXPECT_TRUE(refused([](auto& o) { o.pod_range = "nonsense"; }));
  EXPECT_TRUE(refused([](auto& o) { o.cluster_range = "10.42.0.1/16"; }));
  EXPECT_TRUE(refused([](auto& o) { o.mtu = 0; }));
  EXPECT_TRUE(refused([](auto& o) { o.data_folder = ""; }));
}

}  // namespace
}  // namespace mizzen::network
