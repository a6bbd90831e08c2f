// When pods leave lost nodes, and which pods nobody else takes away: the pure decisions, as tables.
#include <gtest/gtest.h>

#include "controllers/nodes/lifecycle/decide.h"
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

Pod bound_pod(std::optional<int64_t> bound_at = {}) {
  Pod p;
  p.metadata.name = "p";
  p.spec.nodeName = "n";
  if (bound_at) {
    auto& c = p.status.conditions.emplace_back();
    c.type = "PodScheduled";
    c.status = "True";
    c.lastTransitionTime = codec::Time{*bound_at, 0};
  }
  return p;
}

void tolerate(Pod& pod, const char* key, std::optional<int64_t> for_seconds) {
  auto& t = pod.spec.tolerations.emplace_back();
  t.key = key;
  t.operator_ = "Exists";
  t.effect = "NoExecute";
  if (for_seconds) t.tolerationSeconds = *for_seconds;
}

TEST(TaintEvictionDecide, APodLeavesWhenItsTimeIsUp) {
  const int64_t now = 1'700'000'000;
  struct Row {
    const char* why;
    std::vector<std::pair<const char*, std::optional<int64_t>>> borne;   ///< key, for how long
    std::vector<std::pair<const char*, std::optional<int64_t>>> taints;  ///< key, added when
    std::optional<int64_t> bound_at;
    std::optional<int64_t> leaves;  ///< seconds from now
  };
  const Row rows[] = {
      {"no taint", {}, {}, {}, {}},
      {"not borne", {}, {{"lost", now - 5}}, {}, 0},
      {"borne for ever", {{"lost", {}}}, {{"lost", now - 5}}, {}, {}},
      {"for five minutes", {{"lost", 300}}, {{"lost", now - 5}}, {}, 295},
      {"one of two not borne", {{"lost", 300}}, {{"lost", now}, {"sick", now}}, {}, 0},
      {"the sooner counts", {{"lost", 300}, {"sick", 10}}, {{"lost", now - 5}, {"sick", now - 1}}, {}, 9},
      {"bound after the taint", {{"lost", 300}}, {{"lost", now - 1000}}, now - 10, 290},
      {"a taint without a time", {{"lost", 300}}, {{"lost", {}}}, {}, 300},
      {"for no time", {{"lost", 0}}, {{"lost", now}}, {}, 0},
      {"for less than no time", {{"lost", -5}}, {{"lost", now}}, {}, 0},
      {"a taint from the future", {{"lost", 300}}, {{"lost", now + 1000}}, {}, 300},
  };
  for (const Row& row : rows) {
    Pod pod = bound_pod(row.bound_at);
    for (const auto& [key, time] : row.borne) tolerate(pod, key, time);
    Node node;
    for (const auto& [key, added] : row.taints) {
      auto& t = node.spec.taints.emplace_back();
      t.key = key;
      t.effect = "NoExecute";
      if (added) t.timeAdded = codec::Time{*added, 0};
    }
    auto& other = node.spec.taints.emplace_back();
    other.key = "other";
    other.effect = "NoSchedule";
    const auto at = taint_eviction::leaves_at(pod, node, kNow);
    ASSERT_EQ(at.has_value(), row.leaves.has_value()) << row.why;
    if (at) EXPECT_EQ(std::chrono::duration_cast<seconds>(*at - kNow).count(), *row.leaves) << row.why;
    pod.metadata.deletionTimestamp = codec::Time{now, 0};
    EXPECT_FALSE(taint_eviction::leaves_at(pod, node, kNow)) << row.why << ": on its way already";
  }
}

PodPtr placed(std::string name, std::string node, std::string phase, bool deleting = false,
              int64_t created = 0, std::string reason = "") {
  auto p = std::make_shared<Pod>();
  p->metadata.name = std::move(name);
  p->metadata.creationTimestamp = codec::Time{1'600'000'000 + created, 0};
  if (deleting) p->metadata.deletionTimestamp = codec::Time{1'700'000'000, 0};
  p->spec.nodeName = std::move(node);
  p->status.phase = std::move(phase);
  p->status.reason = std::move(reason);
  return p;
}

TEST(PodGcDecide, TakesWhatNobodyElseWill) {
  auto dead = std::make_shared<Node>(*make({"dead", "", false}));
  dead->spec.taints.emplace_back().key = "node.kubernetes.io/out-of-service";
  auto spared = std::make_shared<Node>(*make({"spared", "", true}));
  spared->spec.taints.emplace_back().key = "node.kubernetes.io/out-of-service";
  const std::vector<pod_gc::NodePtr> nodes{make({"well", ""}), dead, spared};
  const std::vector<PodPtr> pods{
      placed("runs", "well", "Running"),
      placed("ends", "well", "Running", true),
      placed("never-bound", "", "Pending", true),
      placed("waits", "", "Pending"),
      placed("stuck", "dead", "Running", true),
      placed("on-dead", "dead", "Running"),
      placed("on-spared", "spared", "Running", true),
      placed("orphan", "gone", "Running"),
      placed("new-orphan", "just-gone", "Running"),
      placed("old", "well", "Succeeded", false, 1),
      placed("evicted", "well", "Failed", false, 9, "Evicted"),
      placed("young", "well", "Succeeded", false, 5),
  };
  EXPECT_EQ(pod_gc::missing_nodes(pods, nodes), (std::set<std::string>{"gone", "just-gone"}));
  const std::map<std::string, WallTime> missing{{"gone", kNow - pod_gc::kQuarantine},
                                                {"just-gone", kNow - seconds(39)}};
  const auto names = [&](int32_t finished_max) {
    std::string text;
    for (const auto& d : pod_gc::doomed(pods, nodes, missing, finished_max, kNow))
      text += d.pod->metadata.name + " ";
    return text;
  };
  EXPECT_EQ(names(0), "never-bound stuck orphan ");
  EXPECT_EQ(names(3), "never-bound stuck orphan ");
  EXPECT_EQ(names(2), "never-bound stuck orphan evicted ");
  EXPECT_EQ(names(1), "never-bound stuck orphan evicted old ");
}

}  // namespace
}  // namespace mizzen::controllers
