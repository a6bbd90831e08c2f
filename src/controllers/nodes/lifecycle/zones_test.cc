#include "controllers/nodes/lifecycle/zones.h"

#include <gtest/gtest.h>

#include "controllers/nodes/lifecycle/decide.h"
#include "controllers/nodes/taint_eviction/decide.h"

namespace mizzen::controllers {
namespace {

using api::core::v1::Node;
using nodes::ZonePlan;

struct NodeShape {
  std::string name, zone;
  bool ready = true;
};

std::shared_ptr<const Node> make(const NodeShape& shape) {
  auto n = std::make_shared<Node>();
  n->metadata.name = shape.name;
  if (!shape.zone.empty()) n->metadata.labels.set("topology.kubernetes.io/zone", shape.zone);
  auto& c = n->status.conditions.emplace_back();
  c.type = "Ready";
  c.status = shape.ready ? "True" : "Unknown";
  return n;
}

TEST(ZonesDecide, AWholeZoneIsTreatedDifferentlyFromTheWholeCluster) {
  using enum ZonePlan::Execute;
  struct Row {
    const char* why;
    std::vector<std::pair<NodeShape, int>> nodes;  ///< and how many of them
    std::vector<ZonePlan> plans;
  };
  const Duration usual = nodes::kTaintPeriod, slow = nodes::kTaintPeriodSlow;
  const Row rows[] = {
      {"all well", {{{"a", "z"}, 3}}, {{":z", Add, usual}}},
      {"one of two lost", {{{"a", ""}, 1}, {{"b", "", false}, 1}}, {{":", Add, usual}}},
      {"the only node", {{{"a", "", false}, 1}}, {{":", None, usual}}},
      {"a zone of two", {{{"a", "y"}, 2}, {{"b", "z", false}, 2}}, {{":y", Add, usual}, {":z", Add, usual}}},
      {"every zone",
       {{{"a", "y", false}, 2}, {{"b", "z", false}, 2}},
       {{":y", None, usual}, {":z", None, usual}}},
      {"most of a small zone", {{{"a", "z"}, 2}, {{"b", "z", false}, 3}}, {{":z", Keep, usual}}},
      {"two of three are too few to tell", {{{"a", "z"}, 1}, {{"b", "z", false}, 2}}, {{":z", Add, usual}}},
      {"most of a large zone", {{{"a", "z"}, 20}, {{"b", "z", false}, 40}}, {{":z", Add, slow}}},
  };
  for (const Row& row : rows) {
    std::vector<std::shared_ptr<const Node>> all;
    for (const auto& [shape, count] : row.nodes)
      all.insert(all.end(), static_cast<size_t>(count), make(shape));
    const auto plans = nodes::plan_zones(all);
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
