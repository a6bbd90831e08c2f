#include <gtest/gtest.h>

#include "apps/commands/commands.h"

namespace mizzen::apps {
namespace {

std::string refusal(const HollowOptions& options) {
  const auto ran = run_hollow_nodes(options);
  return ran.ok() ? "" : ran.error().message();
}

TEST(HollowCommand, WhatCannotBeIsOneLine) {
  HollowOptions options;
  options.node_network = "10.0.0.0/33";
  EXPECT_EQ(refusal(options), "--node-network: 10.0.0.0/33 is no IPv4 range between /8 and /30");
  options.node_network = "10.0.0.0/24";
  options.pod_network = "pods";
  EXPECT_EQ(refusal(options), "--pod-network: pods is no IPv4 range between /8 and /30");
  options.pod_network = "10.128.0.0/9";
  options.fleet.count = 255;
  EXPECT_EQ(refusal(options), "10.0.0.0/24 has no addresses for nodes up to number 254");
  options.fleet.count = 1;
  options.kubeconfig = "/nowhere/kubeconfig";
  EXPECT_NE(refusal(options).find("/nowhere/kubeconfig"), std::string::npos) << refusal(options);
}

}  // namespace
}  // namespace mizzen::apps
