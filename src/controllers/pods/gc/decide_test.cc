#include "controllers/pods/gc/decide.h"

#include <gtest/gtest.h>

namespace mizzen::controllers {
namespace {

using api::core::v1::Node;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'700'000'000)};

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

TEST(PodGcDecide, ANodeIsOutOfServiceOnceItIsNotReadyAndTainted) {
  Node node;
  auto& ready = node.status.conditions.emplace_back();
  ready.type = "Ready";
  ready.status = "Unknown";
  EXPECT_FALSE(pod_gc::out_of_service(node));
  node.spec.taints.emplace_back().key = "node.kubernetes.io/out-of-service";
  EXPECT_TRUE(pod_gc::out_of_service(node));
  ready.status = "True";
  EXPECT_FALSE(pod_gc::out_of_service(node));
}

TEST(PodGcDecide, TakesWhatNobodyElseWill) {
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
  const std::map<std::string, WallTime> missing{{"gone", kNow - pod_gc::kQuarantine},
                                                {"just-gone", kNow - seconds(39)}};
  const auto names = [&](int32_t finished_max) {
    std::string text;
    for (const auto& d : pod_gc::doomed(pods, {"dead"}, missing, finished_max, kNow))
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
