#include "controllers/nodes/taint_eviction/decide.h"

#include <gtest/gtest.h>

#include "controllers/nodes/lifecycle/decide.h"
#include "controllers/pods/gc/decide.h"

namespace mizzen::controllers {
namespace {

using api::core::v1::Node;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'700'000'000)};

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

}  // namespace
}  // namespace mizzen::controllers
