#include "kubelet/status/status_build.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kubelet/decide/backoff.h"
#include "kubelet/images/image_puller.h"
#include "kubelet/testing/pod_world.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;
using testing::pod_of;
using testing::State;
using testing::two_containers;
using testing::World;

PodStatus status_of(const Pod& pod, const RuntimePod& state,
                    const std::map<std::string, StartFailure>& failures = {}, const PodStatus& old = {},
                    bool terminating = false) {
  std::set<std::string> running;
  for (const auto& c : state.containers) {
    if (c.state == State::Running) running.insert(c.id);
  }
  return build_status({.pod = pod,
                       .old = old,
                       .state = state,
                       .failures = failures,
                       .termination_messages = {},
                       .ready_ids = running,
                       .started_ids = running,
                       .runtime_name = "containerd",
                       .host_ips = {"192.0.2.1"},
                       .now = WallTime(seconds(1000)),
                       .terminating = terminating});
}

std::string condition(const PodStatus& s, const std::string& type) {
  for (const auto& c : s.conditions) {
    if (c.type == type)
      return c.status + (c.reason.empty() ? "" : " " + c.reason) +
             (c.message.empty() ? "" : ": " + c.message);
  }
  return "absent";
}

TEST(PodStatus, NewPodIsPendingWithContainersBeingCreated) {
  const auto pod = two_containers();
  const auto s = status_of(pod, World(pod).state);
  EXPECT_EQ(s.phase, "Pending");
  EXPECT_EQ(s.containerStatuses.at(0).state.waiting->reason, "ContainerCreating");
  EXPECT_EQ(condition(s, "Ready"), "False ContainersNotReady: containers with unready status: [a b]");
  EXPECT_EQ(condition(s, "Initialized"), "True");
  EXPECT_EQ(condition(s, "PodReadyToStartContainers"), "False");
  EXPECT_EQ(s.qosClass, "BestEffort");
}

TEST(PodStatus, RunningPodIsReadyWithItsAddresses) {
  const auto pod = two_containers();
  World w(pod);
  w.sandbox().container("a", State::Running).container("b", State::Running);
  const auto s = status_of(pod, w.state);
  EXPECT_EQ(s.phase, "Running");
  EXPECT_EQ(condition(s, "Ready"), "True");
  EXPECT_EQ(s.podIP, "10.42.0.5");
  EXPECT_EQ(s.hostIP, "192.0.2.1");
  EXPECT_EQ(s.containerStatuses[0].containerID, "containerd://c1");
  EXPECT_TRUE(*s.containerStatuses[0].started);
}

TEST(PodStatus, BackoffShowsAsWaitingWithTheLastStateBehind) {
  const auto pod = two_containers();
  World w(pod);
  w.sandbox().container("b", State::Running).container("a", State::Exited, 1);
  const auto s = status_of(pod, w.state, {{"a", {"CrashLoopBackOff", "back-off 10s ..."}}});
  EXPECT_EQ(s.phase, "Running");
  EXPECT_EQ(s.containerStatuses[0].state.waiting->reason, "CrashLoopBackOff");
  EXPECT_EQ(s.containerStatuses[0].lastState.terminated->exitCode, 1);
}

TEST(PodStatus, FinishedPodsHaveTheirPhase) {
  auto pod = two_containers();
  pod.spec.restartPolicy = "Never";
  World w(pod);
  w.sandbox().container("a", State::Exited, 0).container("b", State::Exited, 0);
  auto s = status_of(pod, w.state);
  EXPECT_EQ(s.phase, "Succeeded");
  EXPECT_EQ(condition(s, "Ready"), "False PodCompleted");
  EXPECT_EQ(condition(s, "Initialized"), "True PodCompleted");
  w.container("b", State::Exited, 2);
  EXPECT_EQ(status_of(pod, w.state).phase, "Failed");
  EXPECT_EQ(status_of(pod, w.state, {}, s).phase, "Succeeded") << "a final phase never changes";
  pod.spec.restartPolicy = "OnFailure";
  EXPECT_EQ(status_of(pod, w.state).phase, "Running");
}

TEST(PodStatus, LostContainerIsToldAndCounted) {
  const auto pod = two_containers();
  World w(pod);
  w.sandbox().container("a", State::Running).container("b", State::Running);
  const auto before = status_of(pod, w.state);
  RuntimePod nothing;
  const auto s = status_of(pod, nothing, {}, before);
  EXPECT_EQ(s.containerStatuses[0].lastState.terminated->exitCode, 137);
  EXPECT_EQ(s.containerStatuses[0].lastState.terminated->reason, "ContainerStatusUnknown");
  EXPECT_EQ(s.containerStatuses[0].restartCount, 1);
  EXPECT_EQ(s.podIP, "10.42.0.5") << "addresses stay after the sandbox is gone";
}

TEST(PodStatus, WaitingForInitContainers) {
  const auto pod = pod_of(
      R"({"metadata":{"name":"p"},"spec":{"initContainers":[{"name":"i","image":"x"}],"containers":[{"name":"a","image":"x"}]}})");
  World w(pod);
  w.sandbox().container("i", State::Running);
  const auto s = status_of(pod, w.state);
  EXPECT_EQ(s.phase, "Pending");
  EXPECT_EQ(s.containerStatuses[0].state.waiting->reason, "PodInitializing");
  EXPECT_EQ(condition(s, "Initialized"),
            "False ContainersNotInitialized: containers with incomplete status: [i]");
}

TEST(PodStatus, TransitionTimeMovesOnlyWithTheStatus) {
  PodStatus s;
  set_condition(s, "Ready", false, "a", "", 1, WallTime(seconds(10)));
  set_condition(s, "Ready", false, "b", "", 1, WallTime(seconds(20)));
  EXPECT_EQ(s.conditions[0].lastTransitionTime.seconds, 10);
  set_condition(s, "Ready", true, "", "", 1, WallTime(seconds(30)));
  EXPECT_EQ(s.conditions[0].lastTransitionTime.seconds, 30);
}

}  // namespace
}  // namespace mizzen::kubelet
