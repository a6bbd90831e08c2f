#include "network/bridge/state/bridge_state.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mizzen::network {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

NodePlan plan_of_two() {
  NodePlan out;
  out.node = {"br0", "t", 1500, {{*Ipv4Range::parse("10.1.2.0/24"), *Ipv4Range::parse("10.1.0.0/16")}}};
  int i = 2;
  for (const char* id : {"a", "b"}) {
    PodAttachment pod{.key = {id, "eth0"}, .host_interface = std::string("mz") + id};
    pod.addresses = {{fmt::format("10.1.2.{}", i++), 24, "10.1.2.1"}};
    out.pods[pod.key] = pod;
  }
  out.pods[{"a", "eth0"}].ports = {{"tcp", 80, 8080, ""}, {"udp", 53, 53, "1.2.3.4"}};
  return out;
}

BridgeState state_of(const NodePlan& plan) {
  BridgeState out;
  out.forwarding = true;
  out.table = desired_table(plan);
  out.bridge = BridgeLink{.up = true, .mac = "0a:58:0a:01:02:01", .addresses = {"fe80::1/64", "10.1.2.1/24"}};
  for (const auto& [key, pod] : plan.pods) out.ports[pod.host_interface] = {.up = true, .on_bridge = true};
  return out;
}

TEST(BridgeState, PodsCostElementsAndNoRules) {
  const auto with = desired_table(plan_of_two());
  EXPECT_EQ(with.maps.at("hostports").elements,
            (std::map<std::string, std::string>{{"6 . 80", "10.1.2.2 . 8080"}}));
  EXPECT_EQ(with.maps.at("hostports_at").elements,
            (std::map<std::string, std::string>{{"1.2.3.4 . 17 . 53", "10.1.2.2 . 53"}}));
  auto plan = plan_of_two();
  plan.pods.clear();
  EXPECT_EQ(desired_table(plan).chains, with.chains);
}

TEST(BridgeState, OneOnItsWayOutHasNoPortsAndNoLink) {
  auto plan = plan_of_two();
  const auto before = state_of(plan);
  plan.pods[{"a", "eth0"}].leaving = true;
  const auto changes = diff(plan, before);
  EXPECT_EQ(
      changes.rules,
      "delete element ip t hostports { 6 . 80 }\ndelete element ip t hostports_at { 1.2.3.4 . 17 . 53 }\n");
  EXPECT_THAT(changes.to_remove, ElementsAre("mza"));
}

TEST(BridgeState, NothingIsDoneWhereAllIsAsItShouldBe) {
  const auto changes = diff(plan_of_two(), state_of(plan_of_two()));
  EXPECT_TRUE(changes.empty()) << changes.text();
  EXPECT_EQ(changes.text(), "");
}

TEST(BridgeState, EachDifferenceIsMendedAlone) {
  const auto plan = plan_of_two();
  const auto after = [&](auto edit) {
    auto state = state_of(plan);
    edit(state);
    return diff(plan, state);
  };
  EXPECT_EQ(after([](auto& s) { s.forwarding = false; }).text(), "forwarding");
  EXPECT_EQ(after([](auto& s) { s.bridge->up = false; }).text(), "bridge");
  EXPECT_EQ(after([](auto& s) { s.bridge->mac = "0a:58:0a:01:02:09"; }).text(), "bridge");
  EXPECT_EQ(after([](auto& s) { s.bridge->addresses.pop_back(); }).text(), "bridge");
  EXPECT_EQ(after([](auto& s) { s.table.reset(); }).text(), "rules");
  EXPECT_EQ(after([](auto& s) { s.table->chains.clear(); }).text(), "rules");
  auto changes = after([](auto& s) { s.ports["mza"].on_bridge = false; });
  EXPECT_THAT(changes.to_join, ElementsAre("mza"));
  EXPECT_EQ(changes.text(), "1 ports");
  changes = after([](auto& s) { s.ports["mzb"].up = false; });
  EXPECT_THAT(changes.to_join, ElementsAre("mzb"));
  changes = after([](auto& s) { s.ports.erase("mzb"); });
  EXPECT_THAT(changes.to_wire, ElementsAre(AttachmentKey{"b", "eth0"}));
  EXPECT_EQ(changes.text(), "1 pods' links");
}

TEST(BridgeState, OnlyPortsOfOurBridgeAreLeftovers) {
  auto state = state_of(plan_of_two());
  state.ports["mzours"] = {.up = true, .on_bridge = true};
  state.ports["mzother"] = {.up = true, .on_bridge = false};
  const auto changes = diff(plan_of_two(), state);
  EXPECT_THAT(changes.to_remove, ElementsAre("mzours"));
  EXPECT_EQ(changes.text(), "1 links of nobody");
}

}  // namespace
}  // namespace mizzen::network
