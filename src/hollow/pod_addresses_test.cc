#include "hollow/pod_addresses.h"

#include <gtest/gtest.h>

#include <set>

namespace mizzen::hollow {
namespace {

const Ipv4Range kCluster = *Ipv4Range::parse("10.200.0.0/16");

TEST(PodAddresses, NodesHaveBlocksThatDoNotMeet) {
  const uint32_t block = PodAddresses::block_for(110);
  EXPECT_EQ(block, 128u);
  EXPECT_EQ(PodAddresses::block_for(128), 256u) << "the first of a block is nobody's";
  EXPECT_EQ(PodAddresses::blocks_in(kCluster, block), 512u);
  std::set<uint32_t> all;
  for (const uint32_t number : {0u, 1u, 511u}) {
    PodAddresses node(kCluster, number, block);
    for (int i = 0; i < 127; ++i) {
      const uint32_t address = node.take();
      EXPECT_TRUE(kCluster.contains(address));
      EXPECT_TRUE(all.insert(address).second) << format_ipv4(address);
    }
    EXPECT_EQ(node.take(), PodAddresses::kNone);
  }
  EXPECT_EQ(format_ipv4(*all.begin()), "10.200.0.1");
  EXPECT_EQ(format_ipv4(*all.rbegin()), "10.200.255.255");
  EXPECT_DEATH(PodAddresses(kCluster, 512, block), "no block 512");
}

TEST(PodAddresses, WhatIsFreedIsGivenAgainLast) {
  PodAddresses node(kCluster, 3, 8);
  const uint32_t first = node.take();
  node.give_back(first);
  for (int i = 0; i < 6; ++i) EXPECT_NE(node.take(), first);
  EXPECT_EQ(node.take(), first);
  EXPECT_DEATH(node.give_back(first + 100), "was not taken");
}

TEST(PodAddresses, AnAddressThatAPodHasIsTaken) {
  PodAddresses node(kCluster, 1, 8);
  EXPECT_TRUE(node.take(*parse_ipv4("10.200.0.9")));
  EXPECT_FALSE(node.take(*parse_ipv4("10.200.0.9"))) << "twice";
  EXPECT_FALSE(node.take(*parse_ipv4("10.200.0.8"))) << "nobody's";
  EXPECT_FALSE(node.take(*parse_ipv4("10.200.0.7"))) << "another node's";
  EXPECT_FALSE(node.take(*parse_ipv4("10.200.0.16"))) << "another node's";
  EXPECT_EQ(format_ipv4(node.take()), "10.200.0.10");
}

}  // namespace
}  // namespace mizzen::hollow
