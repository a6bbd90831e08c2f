#include "network/plan/addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace mizzen::network {
namespace {

using ::testing::HasSubstr;

const AddressRange kRange{.pods = *Ipv4Range::parse("10.1.2.0/29"),
                          .cluster = *Ipv4Range::parse("10.1.0.0/16")};

void add(NodePlan& plan, const std::string& id, uint32_t address) {
  PodAttachment pod{.key = {id, "eth0"}};
  pod.addresses = {{format_ipv4(address), 29, "10.1.2.1"}};
  plan.pods[pod.key] = pod;
}

TEST(Addresses, EachIsGivenOnceAndAFreedOneLast) {
  NodePlan plan;
  uint32_t last = 0;
  std::set<std::string> given;
  for (int i = 0; i < 5; ++i) {
    last = *next_address(kRange, plan, last);
    given.insert(format_ipv4(last));
    add(plan, std::to_string(i), last);
  }
  EXPECT_EQ(given, (std::set<std::string>{"10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6"}))
      << "not the network's, the gateway's, the broadcast address";
  const auto full = next_address(kRange, plan, last);
  EXPECT_EQ(full.error().code(), Code::TooManyRequests);
  EXPECT_THAT(full.error().message(), HasSubstr("10.1.2.0/29"));
  plan.pods.erase({"1", "eth0"});
  plan.pods.erase({"4", "eth0"});
  EXPECT_EQ(format_ipv4(*next_address(kRange, plan, *parse_ipv4("10.1.2.6"))), "10.1.2.3");
  EXPECT_EQ(format_ipv4(*next_address(kRange, plan, *parse_ipv4("10.1.2.3"))), "10.1.2.6");
  EXPECT_EQ(format_ipv4(*next_address(kRange, {}, *parse_ipv4("10.9.9.9"))), "10.1.2.2")
      << "of another range";
}

TEST(Addresses, OneOnItsWayOutIsStillTaken) {
  NodePlan plan;
  add(plan, "a", *parse_ipv4("10.1.2.2"));
  plan.pods.begin()->second.leaving = true;
  EXPECT_EQ(format_ipv4(*next_address(kRange, plan, 0)), "10.1.2.3");
}

TEST(Addresses, NamesFollowFromWhatTheyBelongTo) {
  EXPECT_EQ(mac_of(*parse_ipv4("10.42.0.5")), "0a:58:0a:2a:00:05");
  const auto name = host_interface_name({"0123456789abcdef", "eth0"});
  EXPECT_EQ(name, host_interface_name({"0123456789abcdef", "eth0"}));
  EXPECT_NE(name, host_interface_name({"0123456789abcdef", "net1"}));
  EXPECT_LE(name.size(), 15u);
  EXPECT_TRUE(name.starts_with(kHostInterfacePrefix));
}

}  // namespace
}  // namespace mizzen::network
