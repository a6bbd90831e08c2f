#include "network/bridge/address_pool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <set>

#include "codec/json/tree.h"
#include "linux/testing/scratch.h"
#include "network/bridge/mac.h"

namespace mizzen::network {
namespace {

using linux::ScratchFolder;

TEST(Ipv4Range, RefusesWhatIsNoRange) {
  EXPECT_TRUE(Ipv4Range::parse("10.42.0.0/24"));
  for (const char* bad :
       {"10.42.0.0", "10.42.0.1/24", "10.42.0.0/31", "10.42.0.0/x", "10.42.0/24", "10.0.0.0/4", ""}) {
    EXPECT_FALSE(Ipv4Range::parse(bad)) << bad;
  }
  EXPECT_EQ(Ipv4Range::parse("10.42.0.0/24")->text(), "10.42.0.0/24");
  EXPECT_EQ(mac_of(*parse_ipv4("10.42.0.5")), "0a:58:0a:2a:00:05");
}

TEST(AddressPool, GivesEachOwnerOneAddressAndTheGatewayToNobody) {
  ScratchFolder scratch;
  AddressPool pool(scratch.at("pool"), *Ipv4Range::parse("10.42.0.0/29"));
  std::set<uint32_t> given;
  for (const char* owner : {"a", "b", "c", "d", "e"}) given.insert(*pool.take(owner));
  EXPECT_EQ(given.size(), 5u);
  EXPECT_FALSE(given.contains(pool.gateway()));
  EXPECT_FALSE(given.contains(pool.range().base));
  EXPECT_FALSE(given.contains(pool.range().base + 7));
  EXPECT_EQ(pool.take("f").error().code(), Code::TooManyRequests);
  EXPECT_EQ(*pool.take("b"), *pool.find("b")) << "the same owner keeps its address";
  ASSERT_TRUE(pool.give_back("b").ok());
  ASSERT_TRUE(pool.give_back("b").ok());
  EXPECT_TRUE(pool.take("f").ok());
}

TEST(AddressPool, FreedAddressIsTheLastToBeGivenAgain) {
  ScratchFolder scratch;
  AddressPool pool(scratch.at("pool"), *Ipv4Range::parse("10.42.0.0/29"));
  const auto first = *pool.take("a");
  ASSERT_TRUE(pool.give_back("a").ok());
  EXPECT_NE(*pool.take("b"), first);
}

}  // namespace
}  // namespace mizzen::network
