#include "scheduler/decide/decide.h"

#include <gtest/gtest.h>

#include "scheduler/plugins/plugin.h"
#include "scheduler/queue/queue.h"
#include "scheduler/testing/objects.h"

namespace mizzen::scheduler {
namespace {

using testing::make_node;
using testing::make_pod;

Decision run(const PodInfo& pod, const ClusterState& state) {
  SeededRandom random(1);
  return decide(pod, state, random);
}

TEST(DecideTest, EachFilterRejectsInUpstreamsWords) {
  struct Case {
    const char* name;
    const char* node;
    const char* pod;
    const char* message;  ///< empty: it fits
  };
  const std::string unhelpful =
      " no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for "
      "scheduling.";
  const std::string no_victims =
      " no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for "
      "incoming pod.";
  const Case cases[] = {
      {"fits", "{}", "{}", ""},
      {"cordoned", R"({"spec":{"unschedulable":true}})", "{}", "1 node(s) were unschedulable."},
      {"cordoned, tolerated", R"({"spec":{"unschedulable":true}})",
       R"({"tolerations":[{"key":"node.kubernetes.io/unschedulable","operator":"Exists"}]})", ""},
      {"taint", R"({"spec":{"taints":[{"key":"a","value":"b","effect":"NoSchedule"}]}})", "{}",
       "1 node(s) had untolerated taint(s)."},
      {"other value", R"({"spec":{"taints":[{"key":"a","value":"b","effect":"NoExecute"}]}})",
       R"({"tolerations":[{"key":"a","value":"c"}]})", "1 node(s) had untolerated taint(s)."},
      {"tolerated", R"({"spec":{"taints":[{"key":"a","value":"b","effect":"NoExecute"}]}})",
       R"({"tolerations":[{"key":"a","value":"b","effect":"NoExecute"}]})", ""},
      {"tolerates all", R"({"spec":{"taints":[{"key":"a","effect":"NoSchedule"}]}})",
       R"({"tolerations":[{"operator":"Exists"}]})", ""},
      {"preferred only", R"({"spec":{"taints":[{"key":"a","effect":"PreferNoSchedule"}]}})", "{}", ""},
      {"selector", R"({"metadata":{"labels":{"disk":"hdd"}}})", R"({"nodeSelector":{"disk":"ssd"}})",
       "1 node(s) didn't match Pod's node affinity/selector."},
      {"selector fits", R"({"metadata":{"labels":{"disk":"ssd"}}})", R"({"nodeSelector":{"disk":"ssd"}})",
       ""},
      {"affinity Gt", R"({"metadata":{"labels":{"cores":"8"}}})",
       R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
          {"matchExpressions":[{"key":"cores","operator":"Gt","values":["8"]}]}]}}}})",
       "1 node(s) didn't match Pod's node affinity/selector."},
      {"one term of two", R"({"metadata":{"labels":{"cores":"8"}}})",
       R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
          {"matchExpressions":[{"key":"cores","operator":"Gt","values":["8"]}]},
          {"matchExpressions":[{"key":"cores","operator":"NotIn","values":["4"]}]}]}}}})",
       ""},
      {"pinned elsewhere", "{}",
       R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
          {"matchFields":[{"key":"metadata.name","operator":"In","values":["n9"]}]}]}}}})",
       "1 node(s) didn't satisfy plugin(s) [NodeAffinity]."},
      {"more than the node has", "{}",
       R"({"containers":[{"name":"c","resources":{"requests":{"cpu":"5"}}}]})", "1 Insufficient cpu."},
      {"an unknown resource", "{}",
       R"({"containers":[{"name":"c","resources":{"requests":{"example.com/gpu":"1","memory":"99Gi"}}}]})",
       "1 Insufficient example.com/gpu, 1 Insufficient memory."},
      {"no pods allowed", R"({"status":{"allocatable":{"cpu":"4","pods":"0"}}})", "{}", "1 Too many pods."},
      {"init container peak", "{}",
       R"({"initContainers":[{"name":"i","resources":{"requests":{"cpu":"4500m"}}}],"containers":[{"name":"c"}]})",
       "1 Insufficient cpu."},
  };
  for (const Case& c : cases) {
    ClusterState state;
    state.set_node(*make_node("n1", c.node));
    const Decision d = run(PodInfo(make_pod("p", c.pod)), state);
    if (!*c.message) {
      EXPECT_EQ(d.node, "n1") << c.name << ": " << d.message;
      continue;
    }
    EXPECT_EQ(d.node, "") << c.name;
    const bool resolvable = std::string_view(c.message) == "1 Too many pods.";
    EXPECT_EQ(d.message,
              std::string("0/1 nodes are available: ") + c.message + (resolvable ? no_victims : unhelpful))
        << c.name;
  }
}

TEST(DecideTest, NothingToChooseFrom) {
  const Decision d = run(PodInfo(make_pod("p", "{}")), ClusterState());
  EXPECT_EQ(d.message, "no nodes available to schedule pods");
  EXPECT_TRUE(d.retry_on & kNodeAdded);
}

TEST(DecideTest, ReasonsAreCountedAndSorted) {
  ClusterState state;
  state.set_node(*make_node("a", R"({"spec":{"unschedulable":true}})"));
  state.set_node(*make_node("b", R"({"spec":{"unschedulable":true}})"));
  state.set_node(*make_node("c", "{}"));
  const PodInfo big(make_pod("p", R"({"containers":[{"name":"c","resources":{"requests":{"cpu":"3"}}}]})"));
  const PodLoadPtr first = big.load;
  state.assume(first, "c");
  const PodInfo second(
      make_pod("q", R"({"containers":[{"name":"c","resources":{"requests":{"cpu":"3"}}}]})"));
  EXPECT_EQ(run(second, state).message,
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. no new claims to "
            "deallocate, preemption: 0/3 nodes are "
            "available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for "
            "scheduling.");
  EXPECT_EQ(state.remove_pod(first->uid), kPodGone);
  EXPECT_EQ(run(second, state).node, "c");
}

TEST(DecideTest, HostPortsConflictAcrossAddressesButNotProtocols) {
  const auto with_port = [](const char* name, const char* port) {
    return std::make_shared<const PodInfo>(
        make_pod(name, std::string(R"({"containers":[{"name":"c","ports":[)") + port + "]}]}"));
  };
  ClusterState state;
  state.set_node(*make_node("n", "{}"));
  state.assume(with_port("a", R"({"containerPort":80,"hostPort":80,"hostIP":"10.0.0.1"})")->load, "n");
  EXPECT_EQ(run(*with_port("b", R"({"containerPort":80,"hostPort":80})"), state).node, "");
  EXPECT_EQ(run(*with_port("b", R"({"containerPort":80,"hostPort":80,"hostIP":"10.0.0.2"})"), state).node,
            "n");
  EXPECT_EQ(run(*with_port("b", R"({"containerPort":80,"hostPort":80,"protocol":"UDP"})"), state).node, "n");
}

TEST(DecideTest, ScoresSpreadLoadAvoidPreferredTaintsAndFollowPreferences) {
  ClusterState state;
  state.set_node(*make_node("a", "{}"));
  state.set_node(*make_node("b", R"({"metadata":{"labels":{"zone":"z"}}})"));
  const auto load =
      std::make_shared<const PodLoad>(*make_pod("l", R"({"containers":[{"name":"c","resources":{"requests":
        {"cpu":"1","memory":"2Gi"}}}]})"));
  state.assume(load, "a");
  const PodInfo plain(make_pod("p", "{}"));
  EXPECT_EQ(run(plain, state).node, "b") << "the emptier one";
  state.set_node(*make_node("b", R"({"spec":{"taints":[{"key":"x","effect":"PreferNoSchedule"}]}})"));
  EXPECT_EQ(run(plain, state).node, "a");
  const char* prefers = R"({"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
      {"weight":10,"preference":{"matchExpressions":[{"key":"zone","operator":"Exists"}]}}]}}})";
  state.set_node(*make_node("b", "{}"));
  state.set_node(*make_node("a", R"({"metadata":{"labels":{"zone":"z"}}})"));
  EXPECT_EQ(run(PodInfo(make_pod("p", prefers)), state).node, "a");
}

TEST(DecideTest, LowerPriorityInTheWayIsSaid) {
  ClusterState state;
  state.set_node(*make_node("n", R"({"status":{"allocatable":{"cpu":"4","memory":"8Gi","pods":"1"}}})"));
  state.assume(PodInfo(make_pod("low", "{}")).load, "n");
  EXPECT_NE(run(PodInfo(make_pod("high", R"({"priority":10})")), state).message.find("not preempted"),
            std::string::npos);
  EXPECT_NE(run(PodInfo(make_pod("high", R"({"priority":10,"preemptionPolicy":"Never"})")), state)
                .message.find("preemption: not eligible due to preemptionPolicy=Never."),
            std::string::npos);
}

}  // namespace
}  // namespace mizzen::scheduler
