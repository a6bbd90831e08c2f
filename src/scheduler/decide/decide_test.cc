#include "scheduler/decide/decide.h"
#include "scheduler/run/metrics.h"

#include <fmt/format.h>
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
      " preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
  const std::string no_victims =
      " preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";
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
    state.set_node(make_node("n1", c.node));
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
  state.set_node(make_node("a", R"({"spec":{"unschedulable":true}})"));
  state.set_node(make_node("b", R"({"spec":{"unschedulable":true}})"));
  state.set_node(make_node("c", "{}"));
  const PodInfo big(make_pod("p", R"({"containers":[{"name":"c","resources":{"requests":{"cpu":"3"}}}]})"));
  const auto first = std::make_shared<const PodInfo>(big.pod);
  state.assume(first, "c");
  const PodInfo second(
      make_pod("q", R"({"containers":[{"name":"c","resources":{"requests":{"cpu":"3"}}}]})"));
  EXPECT_EQ(
      run(second, state).message,
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: 0/3 nodes are "
      "available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for "
      "scheduling.");
  EXPECT_EQ(state.remove_pod(first->uid()), kPodGone);
  EXPECT_EQ(run(second, state).node, "c");
}

TEST(DecideTest, HostPortsConflictAcrossAddressesButNotProtocols) {
  const auto with_port = [](const char* name, const char* port) {
    return std::make_shared<const PodInfo>(
        make_pod(name, std::string(R"({"containers":[{"name":"c","ports":[)") + port + "]}]}"));
  };
  ClusterState state;
  state.set_node(make_node("n", "{}"));
  state.assume(with_port("a", R"({"containerPort":80,"hostPort":80,"hostIP":"10.0.0.1"})"), "n");
  EXPECT_EQ(run(*with_port("b", R"({"containerPort":80,"hostPort":80})"), state).node, "");
  EXPECT_EQ(run(*with_port("b", R"({"containerPort":80,"hostPort":80,"hostIP":"10.0.0.2"})"), state).node,
            "n");
  EXPECT_EQ(run(*with_port("b", R"({"containerPort":80,"hostPort":80,"protocol":"UDP"})"), state).node, "n");
}

TEST(DecideTest, ScoresSpreadLoadAvoidPreferredTaintsAndFollowPreferences) {
  ClusterState state;
  state.set_node(make_node("a", "{}"));
  state.set_node(make_node("b", R"({"metadata":{"labels":{"zone":"z"}}})"));
  const auto load =
      std::make_shared<const PodInfo>(make_pod("l", R"({"containers":[{"name":"c","resources":{"requests":
        {"cpu":"1","memory":"2Gi"}}}]})"));
  state.assume(load, "a");
  const PodInfo plain(make_pod("p", "{}"));
  EXPECT_EQ(run(plain, state).node, "b") << "the emptier one";
  state.set_node(make_node("b", R"({"spec":{"taints":[{"key":"x","effect":"PreferNoSchedule"}]}})"));
  EXPECT_EQ(run(plain, state).node, "a");
  const char* prefers = R"({"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
      {"weight":10,"preference":{"matchExpressions":[{"key":"zone","operator":"Exists"}]}}]}}})";
  state.set_node(make_node("b", "{}"));
  state.set_node(make_node("a", R"({"metadata":{"labels":{"zone":"z"}}})"));
  EXPECT_EQ(run(PodInfo(make_pod("p", prefers)), state).node, "a");
}

TEST(DecideTest, LowerPriorityInTheWayIsSaid) {
  ClusterState state;
  state.set_node(make_node("n", R"({"status":{"allocatable":{"cpu":"4","memory":"8Gi","pods":"1"}}})"));
  state.assume(std::make_shared<const PodInfo>(make_pod("low", "{}")), "n");
  EXPECT_NE(run(PodInfo(make_pod("high", R"({"priority":10})")), state).message.find("not preempted"),
            std::string::npos);
  EXPECT_NE(run(PodInfo(make_pod("high", R"({"priority":10,"preemptionPolicy":"Never"})")), state)
                .message.find("preemption: not eligible due to preemptionPolicy=Never."),
            std::string::npos);
}

TEST(ClusterStateTest, SumsFollowPodsThroughAssumeConfirmForgetAndNodeLoss) {
  ClusterState state;
  EXPECT_EQ(state.set_node(make_node("n", "{}")), kNodeAdded);
  EXPECT_EQ(state.set_node(make_node("n", "{}")), 0u);
  const auto pod = std::make_shared<const PodInfo>(
      make_pod("p", R"({"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]})"));
  state.assume(pod, "n");
  EXPECT_TRUE(state.is_assumed(pod->uid()));
  EXPECT_EQ(state.nodes()[0]->requested.milli_cpu, 1000);
  const auto bound = std::make_shared<const PodInfo>(
      make_pod("p", R"({"nodeName":"n","containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]})"));
  EXPECT_EQ(state.set_pod(bound), 0u);
  EXPECT_FALSE(state.is_assumed(pod->uid()));
  EXPECT_EQ(state.forget(pod->uid()), 0u) << "confirmed meanwhile";
  EXPECT_EQ(state.nodes()[0]->requested.milli_cpu, 1000);
  state.remove_node("n");
  EXPECT_TRUE(state.nodes().empty());
  state.set_node(make_node("n", "{}"));
  EXPECT_EQ(state.nodes()[0]->requested.milli_cpu, 1000) << "pods of a node that comes back still count";
  EXPECT_EQ(state.remove_pod(pod->uid()), kPodGone);
  EXPECT_EQ(state.nodes()[0]->requested, Amounts());
}

class QueueTest : public ::testing::Test {
 protected:
  PodInfoPtr pod(const std::string& name, const std::string& spec = "{}") {
    return std::make_shared<const PodInfo>(make_pod(name, spec));
  }
  std::string pop() {
    const auto p = queue_.pop(now_);
    return p ? p->pod->metadata.name : "";
  }
  PendingPods queue_;
  Monotonic now_{std::chrono::hours(1)};
};

TEST_F(QueueTest, PriorityThenAge) {
  queue_.set(pod("a"), false, now_);
  queue_.set(pod("b"), false, now_ + std::chrono::seconds(1));
  queue_.set(pod("c", R"({"priority":5})"), false, now_ + std::chrono::seconds(2));
  std::string seen;
  for (int i = 0; i < 4; ++i) seen += pop();  // one after the other: operands of + have no order
  EXPECT_EQ(seen, "cab");
}

TEST_F(QueueTest, RejectedPodsComeBackOnChangesThatMatterOrAfterFiveMinutes) {
  queue_.rejected(pod("a"), kNodeTaints, now_);
  EXPECT_EQ(pop(), "");
  queue_.changed(kPodGone, now_);
  EXPECT_EQ(pop(), "");
  queue_.changed(kNodeTaints, now_);
  EXPECT_EQ(pop(), "a") << "early, as nothing else is ready";
  queue_.rejected(pod("a"), kNodeTaints, now_);
  EXPECT_EQ(queue_.next_due(), now_ + PendingPods::kUnschedulableMax);
  now_ += PendingPods::kUnschedulableMax;
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, BackingOffPodsLetReadyOnesPass) {
  queue_.rejected(pod("a", R"({"priority":5})"), kNodeTaints, now_);
  queue_.changed(kNodeTaints, now_);
  queue_.set(pod("b"), false, now_);
  EXPECT_EQ(pop(), "b");
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, FailuresBackOffFromOneToTenSeconds) {
  const auto p = pod("a");
  for (const int seconds : {1, 2, 4, 8, 10, 10}) {
    queue_.failed(p, now_);
    EXPECT_EQ(queue_.next_due(), now_ + std::chrono::seconds(seconds));
    EXPECT_EQ(pop(), "");
    now_ += std::chrono::seconds(seconds);
    EXPECT_EQ(pop(), "a");
  }
}

TEST_F(QueueTest, GatesHoldPods) {
  queue_.set(pod("a", R"({"schedulingGates":[{"name":"g"}]})"), false, now_);
  EXPECT_EQ(pop(), "");
  queue_.changed(kAnyChange, now_);
  EXPECT_EQ(pop(), "");
  queue_.set(pod("a"), true, now_);
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, WhereFromAndWhyPodsCameIsCounted) {
  queue_.set(pod("a"), false, now_);
  queue_.set(pod("g", R"({"schedulingGates":[{"name":"g"}]})"), false, now_);
  EXPECT_EQ(queue_.waiting(), (std::array<size_t, 4>{1, 0, 0, 1}));
  EXPECT_EQ(pop(), "a");
  queue_.rejected(pod("a"), kNodeTaints, now_);
  EXPECT_EQ(queue_.waiting(), (std::array<size_t, 4>{0, 0, 1, 1}));
  queue_.changed(kNodeTaints, now_);
  EXPECT_EQ(queue_.waiting(), (std::array<size_t, 4>{0, 1, 0, 1}));
  EXPECT_EQ(queue_.attempts(pod("a")->uid()), 1);
  std::vector<Metrics::Sample> samples;
  incoming_samples(queue_, samples);
  std::string text;
  for (const auto& s : samples) text += fmt::format("{} {} {}\n", s.values[0], s.values[1], s.value);
  EXPECT_EQ(text,
            "active UnschedulablePodAdd 1\nbackoff ClusterChange 1\nunschedulable ScheduleAttemptFailure 1\n"
            "gated UnschedulablePodAdd 1\n");
}

TEST_F(QueueTest, RemovedPodsAreGone) {
  const auto p = pod("a");
  queue_.set(p, false, now_);
  queue_.remove(p->uid());
  EXPECT_EQ(pop(), "");
  EXPECT_EQ(queue_.size(), 0u);
}

}  // namespace
}  // namespace mizzen::scheduler
