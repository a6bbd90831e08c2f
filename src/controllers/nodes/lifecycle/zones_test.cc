#include "controllers/nodes/lifecycle/zones.h"

#include <gtest/gtest.h>

#include "controllers/nodes/lifecycle/decide.h"
#include "controllers/nodes/taint_eviction/decide.h"

namespace mizzen::controllers {
namespace {

using api::core::v1::Node;
using nodes::ZonePlan;

TEST(ZonesDecide, AZoneIsWhatTheLabelsSay) {
  Node node;
  EXPECT_EQ(nodes::zone_of(node), ":");
  node.metadata.labels.set("failure-domain.beta.kubernetes.io/zone", "old");
  EXPECT_EQ(nodes::zone_of(node), ":old");
  node.metadata.labels.set("topology.kubernetes.io/zone", "z");
  node.metadata.labels.set("topology.kubernetes.io/region", "r");
  EXPECT_EQ(nodes::zone_of(node), "r:z");
}

TEST(ZonesDecide, AWholeZoneIsTreatedDifferentlyFromTheWholeCluster) {
  using enum ZonePlan::Execute;
  struct Row {
    const char* why;
    std::map<std::string, nodes::ZoneNodes> zones;  ///< ready, lost
    std::vector<ZonePlan> plans;
  };
  const Duration usual = nodes::kTaintPeriod, slow = nodes::kTaintPeriodSlow;
  const Row rows[] = {
      {"all well", {{":z", {3, 0}}}, {{":z", Add, usual}}},
      {"one of two lost", {{":", {1, 1}}}, {{":", Add, usual}}},
      {"the only node", {{":", {0, 1}}}, {{":", None, usual}}},
      {"a zone of two", {{":y", {2, 0}}, {":z", {0, 2}}}, {{":y", Add, usual}, {":z", Add, usual}}},
      {"every zone", {{":y", {0, 2}}, {":z", {0, 2}}}, {{":y", None, usual}, {":z", None, usual}}},
      {"most of a small zone", {{":z", {2, 3}}}, {{":z", Keep, usual}}},
      {"two of three are too few to tell", {{":z", {1, 2}}}, {{":z", Add, usual}}},
      {"most of a large zone", {{":z", {20, 40}}}, {{":z", Add, slow}}},
  };
  for (const Row& row : rows) {
    const auto plans = nodes::plan_zones(row.zones);
    ASSERT_EQ(plans.size(), row.plans.size()) << row.why;
    for (size_t i = 0; i < plans.size(); i++) {
      EXPECT_EQ(plans[i].zone, row.plans[i].zone) << row.why;
      EXPECT_EQ(plans[i].execute, row.plans[i].execute) << row.why;
      if (plans[i].execute == Add) EXPECT_EQ(plans[i].period, row.plans[i].period) << row.why;
    }
  }
}

}  // namespace
}  // namespace mizzen::controllers
