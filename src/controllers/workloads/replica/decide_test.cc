#include "controllers/workloads/replica/decide.h"

#include <gtest/gtest.h>

#include "controllers/nodes/lifecycle/decide.h"
#include "controllers/testing/pod_shape.h"

namespace mizzen::controllers {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

replica::Desired desired(int32_t replicas) {
  replica::Desired d;
  d.uid = "me";
  d.replicas = replicas;
  codec::Map<std::string> labels;
  labels.set("app", "a");
  d.selector = machinery::LabelSelector::from_pairs(labels);
  d.template_labels = labels;
  return d;
}

TEST(ReplicaDecide, TheLeastWantedPodGoes) {
  struct Row {
    const char* why;
    PodShape goes, stays;
  };
  const Row rows[] = {
      {"without a node", {.name = "a", .node = ""}, {.name = "b", .node = "n"}},
      {"pending", {.name = "a", .node = "n", .phase = "Pending"}, {.name = "b", .node = "n"}},
      {"unknown before running",
       {.name = "a", .node = "n", .phase = "Unknown"},
       {.name = "b", .node = "n", .ready = false}},
      {"not ready", {.name = "a", .node = "n", .ready = false}, {.name = "b", .node = "n"}},
      {"cheaper", {.name = "a", .node = "n", .cost = -5}, {.name = "b", .node = "n", .cost = 5}},
      {"ready for less long",
       {.name = "a", .node = "n", .ready_since = 1'699'999'500},
       {.name = "b", .node = "n"}},
      {"restarted more", {.name = "a", .node = "n", .restarts = 3}, {.name = "b", .node = "n"}},
      {"younger", {.name = "a", .node = "n", .created = 1'699'995'000}, {.name = "b", .node = "n"}},
  };
  for (const Row& row : rows)
    for (const bool swapped : {false, true}) {
      std::vector<PodPtr> pods{pod(row.goes), pod(row.stays)};
      if (swapped) std::swap(pods[0], pods[1]);
      const auto plan = replica::plan(desired(1), pods, kNow);
      ASSERT_EQ(plan.remove.size(), 1u);
      EXPECT_EQ(plan.remove[0]->metadata.name, "a") << row.why;
    }
  const std::vector<PodPtr> crowd{pod({.name = "x", .node = "m"}), pod({.name = "y", .node = "n"}),
                                  pod({.name = "z", .node = "n"})};
  EXPECT_EQ(replica::plan(desired(2), crowd, kNow).remove[0]->spec.nodeName, "n") << "from the fuller node";
}

TEST(ReplicaDecide, FinishedAndTerminatingPodsDoNotCount) {
  const std::vector<PodPtr> pods{pod({.name = "a", .node = "n"}),
                                 pod({.name = "b", .node = "n", .phase = "Failed"}),
                                 pod({.name = "c", .node = "n", .deleting = true}),
                                 pod({.name = "d", .node = "n", .phase = "Succeeded"})};
  EXPECT_EQ(replica::plan(desired(3), pods, kNow).create, 2);
  EXPECT_EQ(replica::plan(desired(2000), {}, kNow).create, replica::kBurstMax);
  auto going = desired(3);
  going.deleting = true;
  EXPECT_EQ(replica::plan(going, {}, kNow).create, 0);
  const auto counts = replica::count(desired(3), pods, kNow);
  EXPECT_EQ(counts.replicas, 1);
  EXPECT_EQ(counts.terminating, 1);
}

TEST(ReplicaDecide, ClaimsMatchingOrphansAndReleasesStrays) {
  auto stray = std::make_shared<Pod>(*pod({.name = "stray", .owner = "me"}));
  stray->metadata.labels.set("app", "b");
  const std::vector<PodPtr> pods{pod({.name = "mine", .owner = "me"}), pod({.name = "orphan"}), stray,
                                 pod({.name = "other", .owner = "you"}),
                                 pod({.name = "gone", .deleting = true})};
  const auto claim = replica::claim(desired(1), pods);
  ASSERT_EQ(claim.owned.size(), 1u);
  EXPECT_EQ(claim.owned[0]->metadata.name, "mine");
  ASSERT_EQ(claim.adopt.size(), 1u);
  EXPECT_EQ(claim.adopt[0]->metadata.name, "orphan");
  ASSERT_EQ(claim.release.size(), 1u);
  EXPECT_EQ(claim.release[0]->metadata.name, "stray");
}

TEST(ReplicaDecide, AvailabilityTakesMinReadySeconds) {
  auto d = desired(2);
  d.min_ready_seconds = 60;
  const int64_t now = 1'700'000'000;
  const auto counts = replica::count(d,
                                     {pod({.name = "a", .node = "n", .ready_since = now - 61}),
                                      pod({.name = "b", .node = "n", .ready_since = now - 20})},
                                     kNow);
  EXPECT_EQ(counts.ready, 2);
  EXPECT_EQ(counts.available, 1);
  EXPECT_EQ(counts.again, std::chrono::seconds(40));
}

}  // namespace
}  // namespace mizzen::controllers
