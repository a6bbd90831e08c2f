#include "kubelet/decide/pod_actions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubelet/testing/pod_world.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::pod_of;
using testing::State;
using testing::two_containers;
using testing::World;

TEST(PodActions, NewPodGetsASandboxAndAllContainers) {
  const auto pod = two_containers();
  const auto a = compute_pod_actions(pod, World(pod).state, {});
  EXPECT_TRUE(a.create_sandbox);
  EXPECT_EQ(a.attempt, 0u);
  EXPECT_THAT(a.start, ElementsAre("a", "b"));
}

TEST(PodActions, RunningPodNeedsNothing) {
  const auto pod = two_containers();
  World w(pod);
  w.sandbox().container("a", State::Running).container("b", State::Running);
  const auto a = compute_pod_actions(pod, w.state, {});
  EXPECT_FALSE(a.create_sandbox || a.kill_pod);
  EXPECT_THAT(a.start, IsEmpty());
  EXPECT_THAT(a.kills, IsEmpty());
}

TEST(PodActions, DeadContainerIsRestartedAlone) {
  const auto pod = two_containers();
  World w(pod);
  w.sandbox().container("a", State::Exited, 1).container("b", State::Running);
  EXPECT_THAT(compute_pod_actions(pod, w.state, {}).start, ElementsAre("a"));
}

TEST(PodActions, DeadPauseEndsAllAndMakesTheNextAttempt) {
  const auto pod = two_containers();
  World w(pod);
  w.sandbox(false).container("a", State::Running).container("b", State::Exited, 137);
  const auto a = compute_pod_actions(pod, w.state, {});
  EXPECT_TRUE(a.kill_pod && a.create_sandbox);
  EXPECT_EQ(a.attempt, 1u);
  EXPECT_THAT(a.start, ElementsAre("a", "b"));
}

TEST(PodActions, RuleOfOneContainerRestartsAllOfThem) {
  auto pod = pod_of(
      R"json({"metadata":{"name":"web"},"spec":{"restartPolicy":"Never","initContainers":[{"name":"i","image":"i"}],
    "containers":[{"name":"a","image":"i","restartPolicy":"Never","restartPolicyRules":[
      {"action":"Restart","exitCodes":{"operator":"In","values":[1]}},
      {"action":"RestartAllContainers","exitCodes":{"operator":"NotIn","values":[0]}}]},{"name":"b","image":"i"}]}})json");
  EXPECT_TRUE(may_restart_all(pod));
  World w(pod);
  w.sandbox().container("i", State::Exited).container("a", State::Exited, 42).container("b", State::Running);
  auto a = compute_pod_actions(pod, w.state, {});
  EXPECT_FALSE(a.kill_pod || a.create_sandbox);
  EXPECT_THAT(a.start, IsEmpty());
  std::vector<std::string> order;
  for (const auto& r : a.resets) order.push_back(r.name + (r.running ? " running" : ""));
  EXPECT_THAT(order, ElementsAre("b running", "i", "a")) << "what asked goes last";
  w.state.containers.clear();
  EXPECT_THAT(compute_pod_actions(pod, w.state, {}).start_init, ElementsAre("i"))
      << "in the same sandbox, from the start";
  // The first rule that matches decides; what no rule matches falls to the policy.
  for (const auto& [code, all, alone] :
       std::vector<std::tuple<int, bool, bool>>{{1, false, true}, {42, true, false}, {0, false, false}}) {
    World one(pod);
    one.sandbox()
        .container("i", State::Exited)
        .container("a", State::Exited, code)
        .container("b", State::Running);
    a = compute_pod_actions(pod, one.state, {});
    EXPECT_EQ(!a.resets.empty(), all) << code;
    EXPECT_EQ(!a.start.empty(), alone) << code;
  }
}

TEST(PodActions, RestartPolicyDecides) {
  for (const auto& [policy, code, restarts] :
       std::vector<std::tuple<const char*, int, bool>>{{"Always", 0, true},
                                                       {"Always", 1, true},
                                                       {"OnFailure", 0, false},
                                                       {"OnFailure", 1, true},
                                                       {"Never", 0, false},
                                                       {"Never", 1, false}}) {
    auto pod = two_containers();
    pod.spec.restartPolicy = policy;
    World w(pod);
    w.sandbox().container("a", State::Exited, code).container("b", State::Running);
    EXPECT_EQ(!compute_pod_actions(pod, w.state, {}).start.empty(), restarts) << policy << " " << code;
  }
}

TEST(PodActions, OnFailurePodWithNewSandboxSkipsWhatSucceeded) {
  auto pod = two_containers();
  pod.spec.restartPolicy = "OnFailure";
  World w(pod);
  w.sandbox(false).container("a", State::Exited, 0).container("b", State::Exited, 137);
  EXPECT_THAT(compute_pod_actions(pod, w.state, {}).start, ElementsAre("b"));
}

TEST(PodActions, NeverPodWhoseSandboxDiedIsNotStartedAgain) {
  auto pod = two_containers();
  pod.spec.restartPolicy = "Never";
  World w(pod);
  w.sandbox(false).container("a", State::Exited, 137);
  const auto a = compute_pod_actions(pod, w.state, {});
  EXPECT_TRUE(a.kill_pod);
  EXPECT_FALSE(a.create_sandbox);
}

TEST(PodActions, NeverPodWhoseSandboxDiedBeforeAnythingRanStillRuns) {
  auto pod = two_containers();
  pod.spec.restartPolicy = "Never";
  World w(pod);
  w.sandbox(false).container("a", State::Created);
  const auto a = compute_pod_actions(pod, w.state, {});
  EXPECT_TRUE(a.create_sandbox);
  EXPECT_THAT(a.start, ElementsAre("a", "b"));
  pod.spec.initContainers.emplace_back().name = "i";
  World staged(pod);
  staged.sandbox(false).container("i", State::Exited, 137);
  const auto again = compute_pod_actions(pod, staged.state, {});
  EXPECT_TRUE(again.create_sandbox);
  EXPECT_THAT(again.start_init, ElementsAre("i"));
}

TEST(PodActions, TerminatingPodStartsNothing) {
  auto pod = two_containers();
  pod.metadata.deletionTimestamp = codec::Time{1, 0};
  World w(pod);
  w.sandbox().container("a", State::Exited, 1).container("b", State::Running);
  EXPECT_THAT(compute_pod_actions(pod, w.state, {}).start, IsEmpty());
}

TEST(PodActions, ChangedImageReplacesTheContainer) {
  auto pod = two_containers();
  World w(pod);
  w.sandbox().container("a", State::Running).container("b", State::Running);
  pod.spec.containers[0].image = "other";
  const auto a = compute_pod_actions(pod, w.state, {});
  ASSERT_EQ(a.kills.size(), 1u);
  EXPECT_EQ(a.kills[0].message, "Container a definition changed, will be restarted");
  EXPECT_THAT(a.start, ElementsAre("a"));
}

TEST(PodActions, FailedLivenessKillsAndNeverPolicyDoesNotRestart) {
  auto pod = two_containers();
  World w(pod);
  w.sandbox().container("a", State::Running).container("b", State::Running);
  ProbeVerdicts verdicts;
  verdicts.liveness_failed = {"c1"};
  EXPECT_EQ(compute_pod_actions(pod, w.state, verdicts).kills.at(0).message,
            "Container a failed liveness probe, will be restarted");
  pod.spec.restartPolicy = "Never";
  const auto a = compute_pod_actions(pod, w.state, verdicts);
  EXPECT_EQ(a.kills.at(0).message, "Container a failed liveness probe");
  EXPECT_THAT(a.start, IsEmpty());
}

TEST(PodActions, InitContainersRunOneAfterTheOther) {
  const auto pod = pod_of(
      R"({"metadata":{"name":"p"},"spec":{"initContainers":[{"name":"i1","image":"x"},{"name":"i2","image":"x"}],
                              "containers":[{"name":"a","image":"x"}]}})");
  World w(pod);
  EXPECT_THAT(compute_pod_actions(pod, w.state, {}).start_init, ElementsAre("i1"));
  w.sandbox().container("i1", State::Running);
  auto a = compute_pod_actions(pod, w.state, {});
  EXPECT_TRUE(a.start_init.empty() && a.start.empty() && !a.kill_pod);
  w.container("i1", State::Exited, 0);
  EXPECT_THAT(compute_pod_actions(pod, w.state, {}).start_init, ElementsAre("i2"));
  w.container("i2", State::Exited, 1);
  EXPECT_THAT(compute_pod_actions(pod, w.state, {}).start_init, ElementsAre("i2")) << "failed ones run again";
  w.container("i2", State::Exited, 0);
  EXPECT_THAT(compute_pod_actions(pod, w.state, {}).start, ElementsAre("a"));
}

TEST(PodActions, FailedInitEndsANeverPod) {
  auto pod = pod_of(
      R"({"metadata":{"name":"p"},"spec":{"restartPolicy":"Never","initContainers":[{"name":"i","image":"x"}],
                        "containers":[{"name":"a","image":"x"}]}})");
  World w(pod);
  w.sandbox().container("i", State::Exited, 3);
  EXPECT_TRUE(compute_pod_actions(pod, w.state, {}).kill_pod);
}

TEST(PodActions, SidecarKeepsRunningBesideAndGatesTheRest) {
  const auto pod = pod_of(
      R"({"metadata":{"name":"p"},"spec":{"initContainers":[{"name":"s","image":"x","restartPolicy":"Always"}],
                              "containers":[{"name":"a","image":"x"}]}})");
  World w(pod);
  w.sandbox().container("s", State::Running);
  EXPECT_TRUE(compute_pod_actions(pod, w.state, {}).start.empty());
  ProbeVerdicts started;
  started.started = {"c1"};
  EXPECT_THAT(compute_pod_actions(pod, w.state, started).start, ElementsAre("a"));
  w.container("a", State::Running).container("s", State::Exited, 0);
  EXPECT_THAT(compute_pod_actions(pod, w.state, started).start_init, ElementsAre("s"));
}

TEST(PodActions, SidecarIsRestartedForProbesAndAnotherImage) {
  auto pod = pod_of(
      R"({"metadata":{"name":"p"},"spec":{"restartPolicy":"Never","initContainers":[{"name":"s","image":"x",
      "restartPolicy":"Always","startupProbe":{"exec":{},"terminationGracePeriodSeconds":7}}],
      "containers":[{"name":"a","image":"x"}]}})");
  World w(pod);
  w.sandbox().container("s", State::Running);
  ProbeVerdicts verdicts;
  verdicts.startup_failed = {"c1"};
  auto a = compute_pod_actions(pod, w.state, verdicts);
  ASSERT_EQ(a.kills.size(), 1u);
  EXPECT_EQ(a.kills[0].message, "Init container s failed startup probe");
  EXPECT_EQ(a.kills[0].why, ContainerKill::Why::Startup);
  EXPECT_EQ(a.kills[0].grace_s, 7);
  EXPECT_THAT(a.start_init, ElementsAre("s"));
  EXPECT_THAT(a.start, IsEmpty()) << "those it serves wait for it";
  EXPECT_FALSE(a.kill_pod);

  w.container("a", State::Running);
  pod.spec.initContainers[0].image = "y";
  a = compute_pod_actions(pod, w.state, {});
  EXPECT_THAT(a.kills, IsEmpty()) << "it is judged once it has started";
  verdicts = {};
  verdicts.started = {"c1"};
  a = compute_pod_actions(pod, w.state, verdicts);
  ASSERT_EQ(a.kills.size(), 1u);
  EXPECT_EQ(a.kills[0].message, "Init container s definition changed");
  EXPECT_THAT(a.start_init, ElementsAre("s"));
  EXPECT_THAT(a.start, IsEmpty());
}

TEST(PodActions, WhatTheRuntimeLostSightOfIsKilledBeforeItRunsAgain) {
  const auto pod = pod_of(
      R"({"metadata":{"name":"p"},"spec":{"initContainers":[{"name":"i","image":"x"}],
          "containers":[{"name":"a","image":"x"}]}})");
  World w(pod);
  w.sandbox().container("i", State::Unknown);
  const auto a = compute_pod_actions(pod, w.state, {});
  ASSERT_EQ(a.kills.size(), 1u);
  EXPECT_EQ(a.kills[0].message, "Init container is in Unknown state, try killing it before restart");
  EXPECT_THAT(a.start_init, ElementsAre("i"));
}

}  // namespace
}  // namespace mizzen::kubelet
