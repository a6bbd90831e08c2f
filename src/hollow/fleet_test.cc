#include "hollow/fleet.h"

#include <gtest/gtest.h>

#include <set>

#include "client/testing/fake_api.h"
#include "client/testing/scripted_api.h"

namespace mizzen::hollow {
namespace {

using client::testing::soon;
using std::chrono::milliseconds;

class FleetTest : public client::testing::ClientTest {
 protected:
  static FleetOptions options(uint32_t count) {
    return {.count = count,
            .node_network = *Ipv4Range::parse("172.16.0.0/12"),
            .pod_network = *Ipv4Range::parse("10.128.0.0/9"),
            .stage_min = milliseconds(1),
            .stage_max = milliseconds(20)};
  }
  template <typename T>
  std::vector<std::shared_ptr<const T>> all() {
    std::vector<std::shared_ptr<const T>> out;
    const auto list = fake_.list(*client::require_resource<T>(fake_), {}, {});
    for (const auto& object : list->items) out.push_back(object.template share<T>());
    return out;
  }

  client::testing::FakeApi fake_;
};

TEST_F(FleetTest, ManyNodesRegisterAndRunPodsWithAddressesOfTheirOwn) {
  constexpr uint32_t kNodes = 200;
  constexpr int kPods = 5;
  FleetOptions some = options(kNodes);
  some.first = 1000;
  some.starting_max = 8;
  Fleet fleet({fake_, runtime_}, some);
  fleet.start();
  ASSERT_TRUE(soon([&] { return fleet.settled() == kNodes; }));
  std::set<std::string> addresses;
  const auto nodes = all<NodeObject>();
  for (const auto& node : nodes) {
    EXPECT_TRUE(addresses.insert(node->status.addresses.at(0).address).second);
    for (int i = 0; i < kPods; ++i) {
      Pod pod;
      pod.metadata.name = node->metadata.name + "-" + std::to_string(i);
      pod.metadata.namespace_ = "default";
      pod.spec.nodeName = node->metadata.name;
      pod.spec.restartPolicy = "Always";
      ASSERT_TRUE(client::create(fake_, std::move(pod), {}).ok());
    }
  }
  EXPECT_EQ(addresses.size(), kNodes);
  EXPECT_TRUE(addresses.contains("172.16.3.233")) << "number 1000 has it";
  EXPECT_TRUE(soon([&] { return fake_.calls()["update pods/status"] == kNodes * kPods; }));
  for (const auto& pod : all<Pod>()) {
    EXPECT_EQ(pod->status.phase, "Running");
    EXPECT_TRUE(addresses.insert(pod->status.podIP).second) << pod->status.podIP;
  }
  EXPECT_EQ(addresses.size(), kNodes * (1 + kPods));
  EXPECT_EQ(fleet.pods(), kNodes * kPods);
  fleet.stop();
  EXPECT_EQ(fake_.watches(), 0u);
}

TEST_F(FleetTest, OnlySoManyBeginAtTheSameTime) {
  FleetOptions some = options(100);
  some.starting_max = 5;
  Fleet fleet({fake_, runtime_}, some);
  fake_.set_down(true);
  fleet.start();
  ASSERT_TRUE(soon([&] { return fake_.calls()["create nodes"] == 5; }));
  StopSource never;
  (void)never.token().wait_until(Deadline::after(milliseconds(100), real_clock()));
  EXPECT_EQ(fake_.calls(), (std::map<std::string, int>{{"create nodes", 5}}))
      << "the others wait, and these pause";
  fake_.set_down(false);
  EXPECT_TRUE(soon([&] { return fleet.settled() == 100; }));
}

TEST_F(FleetTest, OptionsThatCannotBeAreNamed) {
  EXPECT_EQ(options(20'000).fault(), "");
  FleetOptions much = options(1);
  much.first = 65'535;
  EXPECT_EQ(much.fault(), "");
  ++much.first;
  EXPECT_EQ(much.fault(), "10.128.0.0/9 has no addresses for 110 pods on each node up to number 65536");
  much.shape.pods_max = 30;
  EXPECT_EQ(much.fault(), "");
  much.count = 1'000'000;
  EXPECT_EQ(much.fault(), "172.16.0.0/12 has no addresses for nodes up to number 1065535");
  EXPECT_NE(options(0).fault(), "");
}

}  // namespace
}  // namespace mizzen::hollow
