#include "controllers/nodes/lifecycle/decide.h"

#include <gtest/gtest.h>

#include "controllers/nodes/taint_eviction/decide.h"
#include "controllers/pods/gc/decide.h"

namespace mizzen::controllers {
namespace {

using api::core::v1::Node;
using nodes::ZonePlan;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'700'000'000)};

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

TEST(NodesDecide, ExecuteTaintsComeAndGoAsAllowed) {
  const auto lost = *make({"n", "", false});
  EXPECT_TRUE(nodes::wants_execute_taint(lost));
  const auto effects = [](const std::optional<Node>& n) {
    std::string text;
    for (const auto& t : n->spec.taints) text += t.effect + " ";
    return text;
  };
  EXPECT_EQ(effects(nodes::judged_taints(lost, kNow, ZonePlan::Execute::Keep)), "NoSchedule ");
  const auto tainted = nodes::judged_taints(lost, kNow, ZonePlan::Execute::Add);
  EXPECT_EQ(effects(tainted), "NoSchedule NoExecute ");
  EXPECT_FALSE(nodes::wants_execute_taint(*tainted));
  EXPECT_FALSE(nodes::judged_taints(*tainted, kNow, ZonePlan::Execute::Keep)) << "what is there stays";
  EXPECT_EQ(effects(nodes::judged_taints(*tainted, kNow, ZonePlan::Execute::None)), "NoSchedule ");
}

}  // namespace
}  // namespace mizzen::controllers
