#include "controllers/pods/gc/decide.h"

#include <gtest/gtest.h>

#include "controllers/nodes/lifecycle/decide.h"
#include "controllers/nodes/taint_eviction/decide.h"

namespace mizzen::controllers {
namespace {

using api::core::v1::Node;
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
