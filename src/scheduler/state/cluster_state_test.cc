#include "scheduler/state/cluster_state.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "scheduler/run/metrics.h"
#include "scheduler/testing/objects.h"

namespace mizzen::scheduler {
namespace {

using testing::make_node;
using testing::make_pod;

TEST(ClusterStateTest, SumsFollowPodsThroughAssumeConfirmForgetAndNodeLoss) {
  ClusterState state;
  EXPECT_EQ(state.set_node(*make_node("n", "{}")), kNodeAdded);
  EXPECT_EQ(state.set_node(*make_node("n", "{}")), 0u);
  const auto pod = std::make_shared<const PodLoad>(
      *make_pod("p", R"({"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]})"));
  state.assume(pod, "n");
  EXPECT_TRUE(state.is_assumed(pod->uid));
  EXPECT_EQ(state.nodes()[0]->requested.milli_cpu, 1000);
  const auto bound = std::make_shared<const PodLoad>(
      *make_pod("p", R"({"nodeName":"n","containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]})"));
  EXPECT_EQ(state.set_pod(bound, "n"), 0u);
  EXPECT_FALSE(state.is_assumed(pod->uid));
  EXPECT_EQ(state.forget(pod->uid), 0u) << "confirmed meanwhile";
  EXPECT_EQ(state.nodes()[0]->requested.milli_cpu, 1000);
  state.remove_node("n");
  EXPECT_TRUE(state.nodes().empty());
  state.set_node(*make_node("n", "{}"));
  EXPECT_EQ(state.nodes()[0]->requested.milli_cpu, 1000) << "pods of a node that comes back still count";
  EXPECT_EQ(state.remove_pod(pod->uid), kPodGone);
  EXPECT_EQ(state.nodes()[0]->requested, Amounts());
}

TEST(ClusterStateTest, NodesStandInOrderOfNameHoweverTheyComeAndGo) {
  ClusterState state;
  std::set<std::string> there;
  SeededRandom random(3);
  for (int i = 0; i < 2000; ++i) {
    const std::string name = fmt::format("n{}", random.below(100));
    if (random.below(3) == 0) {
      state.remove_node(name);
      there.erase(name);
    } else {
      state.set_node(*make_node(name, "{}"));
      there.insert(name);
    }
    std::vector<std::string> names;
    for (const NodeState* node : state.nodes()) names.push_back(node->name);
    ASSERT_EQ(names, std::vector<std::string>(there.begin(), there.end())) << "after step " << i;
  }
}

}  // namespace
}  // namespace mizzen::scheduler
