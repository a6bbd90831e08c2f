// What a pod's work promises where something hangs, ends half-way, or comes from others.
#include "kubelet/work/pod_work.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/file.h"
#include "kubelet/testing/test_node.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestNode;

std::string plain(const std::string& name) {
  return fmt::format(
      R"({{"metadata":{{"name":"{}"}},"spec":{{"containers":[{{"name":"a","image":"nginx","imagePullPolicy":"Never"}}]}}}})",
      name);
}

std::string with_hook(const std::string& name, const char* hook) {
  return fmt::format(
      R"({{"metadata":{{"name":"{}"}},"spec":{{"containers":[{{"name":"a","image":"nginx","imagePullPolicy":"Never",
         "lifecycle":{{"{}":{{"exec":{{"command":["sleep","600"]}}}}}}}}]}}}})",
      name, hook);
}

const api::core::v1::PodCondition* condition(const Pod& pod, const std::string& type) {
  for (const auto& c : pod.status.conditions)
    if (c.type == type) return &c;
  return nullptr;
}

TEST(PodWork, AStartTakesSixCallsToTheRuntime) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  ASSERT_TRUE(node.eventually([&] { return node.cache().is_ready(); }));
  node.lists = false;
  node.add(plain("web"));
  ASSERT_TRUE(node.reaches("web", "Running"));
  for (const char* call : {"RunPodSandbox", "PodSandboxStatus", "ImageStatus", "CreateContainer",
                           "StartContainer", "ContainerStatus"})
    EXPECT_EQ(node.runtime.count(call), 1u) << call;
}

TEST(PodWork, PodsThatAreWellWakeTheAgentTogether) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  for (int i = 0; i < 20; ++i) {
    node.add(plain(fmt::format("web{}", i)));
    node.clock.advance(std::chrono::milliseconds(130));
  }
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(node.reaches(fmt::format("web{}", i), "Running"));
  node.settle();
  const auto begin = node.clock.monotonic();
  for (auto next = node.next_alarm(); next < begin + seconds(300); next = node.next_alarm()) {
    EXPECT_EQ(next.time_since_epoch() % seconds(10), Duration::zero());
    EXPECT_LE(next - node.clock.monotonic(), seconds(100)) << "each is looked at now and then";
    node.clock.advance(next - node.clock.monotonic());
    node.settle();
  }
}

TEST(PodWork, HooksThatNeverEndHoldUpNobodyElse) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.runtime.hold("ExecSync");
  for (int i = 0; i < 30; ++i) node.add(with_hook(fmt::format("slow{}", i), "postStart"));
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("ExecSync") == 30; }));
  EXPECT_EQ(node.phase_of("slow0"), "Pending") << "not running before its hook has ended";
  node.add(plain("web"));
  EXPECT_TRUE(node.reaches("web", "Running"));
  // One of them is deleted: its hook is cut off, its container stopped.
  node.remove("slow3", 1);
  EXPECT_TRUE(node.eventually([&] { return node.stored("slow3").metadata.name.empty(); }));
  node.runtime.release("ExecSync");
  EXPECT_TRUE(node.reaches("slow0", "Running"));
}

TEST(PodWork, PullsThatNeverEndHoldUpNobodyElse) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.runtime.hold("PullImage");
  for (int i = 0; i < 50; ++i) {
    node.add(fmt::format(
        R"({{"metadata":{{"name":"pull{0}"}},"spec":{{"containers":[{{"name":"a","image":"example.com/{0}:1"}}]}}}})",
        i));
  }
  ASSERT_TRUE(node.eventually([&] { return node.puller().pulling() + node.puller().waiting() == 50; }));
  const auto asked = [&] { return node.runtime.held("PullImage"); };
  EXPECT_TRUE(node.eventually([&] { return asked() == ImagePuller::kPullsOfHostMax; }));
  node.settle();
  EXPECT_EQ(asked(), ImagePuller::kPullsOfHostMax) << "one registry, a part of the room";
  node.add(plain("web"));
  EXPECT_TRUE(node.reaches("web", "Running"));
  // Deleted while it waits for its turn, and while it pulls: both go at once.
  for (const char* name : {"pull0", "pull49"}) {
    node.remove(name, 30);
    EXPECT_TRUE(node.eventually([&] { return node.stored(name).metadata.name.empty(); })) << name;
  }
}

TEST(PodWork, ReadinessGatesAreReadFromTheApi) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(R"({"metadata":{"name":"web"},"spec":{"readinessGates":[{"conditionType":"example.com/lb"}],
      "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  ASSERT_TRUE(node.eventually([&] {
    const Pod pod = node.stored("web");
    const auto* ready = condition(pod, "Ready");
    return ready && ready->reason == "ReadinessGatesNotReady";
  }));
  Pod pod = node.stored("web");
  auto& gate = pod.status.conditions.emplace_back();
  gate.type = "example.com/lb";
  gate.status = "True";
  pod.metadata.resourceVersion.clear();
  ASSERT_TRUE(client::update_status<Pod>(node.api, pod, {}).ok());
  node.tell("web");
  EXPECT_TRUE(node.eventually([&] {
    const Pod now = node.stored("web");
    const auto* ready = condition(now, "Ready");
    return ready && ready->status == "True" && condition(now, "example.com/lb");
  }));
}

TEST(PodWork, WhatOthersOverwroteOfOurStatusIsWrittenAgain) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(plain("web"));
  ASSERT_TRUE(node.eventually([&] {
    const Pod pod = node.stored("web");
    const auto* ready = condition(pod, "Ready");
    return ready && ready->status == "True";
  }));
  // As the node lifecycle controller does when the node was away.
  Pod pod = node.stored("web");
  for (auto& c : pod.status.conditions)
    if (c.type == "Ready") c.status = "False";
  pod.metadata.resourceVersion.clear();
  ASSERT_TRUE(client::update_status<Pod>(node.api, pod, {}).ok());
  node.tell("web");
  EXPECT_TRUE(node.eventually([&] {
    const Pod now = node.stored("web");
    return condition(now, "Ready")->status == "True";
  }));
}

TEST(PodWork, APodThatWasEndedInTheApiDoesNotComeBack) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(plain("web"));
  ASSERT_TRUE(node.reaches("web", "Running"));
  // As the garbage collector of pods does when the node's object is gone.
  Pod pod = node.stored("web");
  pod.status.phase = "Failed";
  pod.status.reason = "DeletionByPodGC";
  pod.metadata.resourceVersion.clear();
  ASSERT_TRUE(client::update_status<Pod>(node.api, pod, {}).ok());
  node.tell("web");
  EXPECT_TRUE(node.eventually([&] {
    const auto all = node.runtime.containers();
    return std::none_of(all.begin(), all.end(),
                        [](const auto& c) { return c.state == cri::v1::ContainerState::CONTAINER_RUNNING; });
  }));
  node.settle();
  EXPECT_EQ(node.phase_of("web"), "Failed");
  EXPECT_EQ(node.stored("web").status.reason, "DeletionByPodGC");
}

TEST(PodWork, AConfigMapThatWentDoesNotStopSupervision) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  api::core::v1::ConfigMap map;
  map.metadata.name = "settings";
  map.metadata.namespace_ = "default";
  map.data.set("X", "1");
  ASSERT_TRUE(client::create<api::core::v1::ConfigMap>(node.api, map, {}).ok());
  node.add(R"({"metadata":{"name":"web"},"spec":{"volumes":[{"name":"v","configMap":{"name":"settings"}}],
      "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never",
        "volumeMounts":[{"name":"v","mountPath":"/v"}]}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  ASSERT_TRUE(client::remove<api::core::v1::ConfigMap>(node.api, "default", "settings", {}, {}).ok());
  ASSERT_TRUE(node.eventually([&] {
    node.clock.advance(seconds(10));  // a refresh is due, and fails once the watch has seen it
    const auto all = node.events.all();
    return std::any_of(all.begin(), all.end(), [](const auto& e) { return e.starts_with("FailedMount"); });
  }));
  node.runtime.exit_container(node.runtime.container_id("a"), 1);
  EXPECT_TRUE(
      node.eventually([&] { return node.stored("web").status.containerStatuses.at(0).restartCount == 1; }));
}

TEST(PodWork, AChangedConfigMapIsInItsVolumeSoon) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  api::core::v1::ConfigMap map;
  map.metadata.name = "settings";
  map.metadata.namespace_ = "default";
  map.data.set("X", "1");
  ASSERT_TRUE(client::create<api::core::v1::ConfigMap>(node.api, map, {}).ok());
  auto pod =
      node.add(R"({"metadata":{"name":"web"},"spec":{"volumes":[{"name":"v","configMap":{"name":"settings"}}],
      "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never","volumeMounts":[{"name":"v","mountPath":"/v"}]}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  const auto file = node.volumes().pod_folder(pod->metadata.uid) + "/volumes/kubernetes.io~configmap/v/X";
  EXPECT_EQ(*read_file(file), "1");
  map.data.set("X", "2");
  ASSERT_TRUE(client::update<api::core::v1::ConfigMap>(node.api, map, {}).ok());
  EXPECT_TRUE(node.eventually([&] {
    const auto text = read_file(file);
    return text.ok() && *text == "2";
  })) << "without the clock moving";
}

TEST(PodWork, APodThatClaimsDevicesIsNotBegunWithoutThem) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(R"({"metadata":{"name":"web"},"spec":{"resourceClaims":[{"name":"g","resourceClaimName":"g"}],
      "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  const std::string told =
      "FailedPrepareDynamicResources: Failed to prepare dynamic resources: drivers of devices are not "
      "supported by this node yet";
  ASSERT_TRUE(node.eventually([&] {
    const auto all = node.events.all();
    return std::find(all.begin(), all.end(), told) != all.end();
  }));
  EXPECT_TRUE(node.runtime.changes().empty());
}

TEST(PodWork, ARestartedAgentAdoptsWhatRunsWhateverElseIsThere) {
  TestNode node({.pods_max = 5});
  node.runtime.add_image("nginx:latest");
  for (int i = 0; i < 8; ++i) {
    const auto name = fmt::format("done{}", i);
    node.add(fmt::format(R"({{"metadata":{{"name":"{}"}},"spec":{{"restartPolicy":"Never",
        "containers":[{{"name":"a","image":"nginx","imagePullPolicy":"Never"}}]}}}})",
                         name));
    ASSERT_TRUE(node.reaches(name, "Running"));
    node.runtime.exit_container(node.runtime.container_id("a"), 0);
    ASSERT_TRUE(node.reaches(name, "Succeeded"));
  }
  // They take up room until what they had is given back, which may be later than their phase is told.
  ASSERT_TRUE(node.eventually([&] { return node.workers().active() == 0; }));
  for (int i = 0; i < 5; ++i) {
    const auto name = fmt::format("run{}", i);
    node.add(plain(name));
    ASSERT_TRUE(node.reaches(name, "Running")) << name;
  }
  const auto before = node.runtime.changes();
  node.restart();
  node.settle(50);
  EXPECT_EQ(node.runtime.changes(), before) << "nothing started, nothing stopped";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(node.phase_of(fmt::format("run{}", i)), "Running");
  EXPECT_TRUE(node.eventually([&] { return node.workers().active() == 5; })) << "the others are over";
  node.add(plain("more"));
  ASSERT_TRUE(node.reaches("more", "Failed")) << "the node is full";
  EXPECT_EQ(node.stored("more").status.reason, "OutOfpods");
}

TEST(PodWork, NothingIsRefusedOrRemovedBeforeEverySourceWasHeard) {
  TestNode node({.pods_max = 1});
  node.runtime.add_image("nginx:latest");
  node.sources_ready = false;
  node.add(plain("early"));
  node.settle();
  EXPECT_EQ(node.phase_of("early"), "Pending");
  node.sources_ready = true;
  node.clock.advance(seconds(1));
  EXPECT_TRUE(node.reaches("early", "Running"));
}

TEST(PodWork, ADeadlineEndsThePodAndItsLastStateIsTold) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(R"({"metadata":{"name":"web"},"spec":{"activeDeadlineSeconds":5,
      "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.runtime.hold("StopContainer");
  node.clock.advance(seconds(6));
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("StopContainer") == 1; }));
  EXPECT_EQ(node.phase_of("web"), "Running") << "while its container runs";
  node.runtime.release("StopContainer");
  ASSERT_TRUE(node.reaches("web", "Failed"));
  const auto status = node.stored("web").status;
  EXPECT_EQ(status.reason, "DeadlineExceeded");
  EXPECT_TRUE(status.containerStatuses.at(0).state.terminated) << "no container shows as running for ever";
  EXPECT_FALSE(status.containerStatuses.at(0).state.running);
}

TEST(PodWork, TheNodeMayEndAPodForReasonsOfItsOwn) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  auto pod = node.add(plain("web"));
  ASSERT_TRUE(node.reaches("web", "Running"));
  ASSERT_TRUE(node.workers().end(pod->metadata.uid,
                                 {"Failed", "Evicted", "The node was low on resource: memory.", 0}));
  ASSERT_TRUE(node.reaches("web", "Failed"));
  EXPECT_EQ(node.stored("web").status.reason, "Evicted");
  EXPECT_FALSE(node.workers().end("unknown", {}));
}

TEST(PodWork, AGracePeriodThatShrinksCutsTheHookShort) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(with_hook("web", "preStop"));
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.runtime.hold("ExecSync");
  node.remove("web", 300);
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("ExecSync") == 1; }));
  node.settle();
  EXPECT_EQ(node.runtime.count("StopContainer"), 0u) << "its hook has the whole grace period";
  node.remove("web", 1);
  node.settle(5);
  node.clock.advance(seconds(1));
  EXPECT_TRUE(node.eventually([&] { return node.stored("web").metadata.name.empty(); }));
}

TEST(PodWork, AnEndlessGracePeriodIsALongOne) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(R"({"metadata":{"name":"web"},"spec":{"terminationGracePeriodSeconds":9223372036854775807,
      "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never",
      "lifecycle":{"preStop":{"sleep":{"seconds":9223372036854775807}}}}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.remove("web", std::numeric_limits<int64_t>::max());
  node.clock.advance(std::chrono::hours(1000));
  node.settle();
  EXPECT_EQ(node.runtime.count("StopContainer"), 0u);
}

TEST(PodWork, ADeletionCutsShortWhatWasBegunBeforeIt) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.runtime.hold("ExecSync");
  node.http.status = 500;
  node.add(R"({"metadata":{"name":"web"},"spec":{"restartPolicy":"Never","containers":[
      {"name":"a","image":"nginx","imagePullPolicy":"Never","lifecycle":{"preStop":{"exec":{"command":["sleep","600"]}}},
       "livenessProbe":{"httpGet":{"port":80},"periodSeconds":1,"failureThreshold":1}}]}})");
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("ExecSync") == 1; }))
      << "its only container is not well: it is taken down, with the pod's own grace period";
  node.remove("web", 1);
  node.settle(5);
  node.clock.advance(seconds(1));
  EXPECT_TRUE(node.eventually([&] { return node.stored("web").metadata.name.empty(); }));
}

TEST(PodWork, AnAnswerThatWasLostIsLookedForAndNothingIsMadeTwice) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.runtime.lose_answer("RunPodSandbox", Error(Code::Timeout, "context deadline exceeded"));
  node.add(plain("web"));
  ASSERT_TRUE(node.eventually([&] { return node.runtime.sandboxes().size() == 1; }));
  node.settle();
  node.clock.advance(seconds(20));
  ASSERT_TRUE(node.reaches("web", "Running"));
  EXPECT_EQ(node.runtime.sandboxes().size(), 1u);
  node.runtime.exit_container(node.runtime.container_id("a"), 1);
  node.runtime.lose_answer("StartContainer", Error(Code::Timeout, "context deadline exceeded"));
  ASSERT_TRUE(
      node.eventually([&] { return node.stored("web").status.containerStatuses.at(0).restartCount == 1; }));
  node.settle();
  node.clock.advance(seconds(60));
  node.settle();
  const auto all = node.runtime.containers();
  EXPECT_EQ(
      std::count_if(all.begin(), all.end(),
                    [](const auto& c) { return c.state == cri::v1::ContainerState::CONTAINER_RUNNING; }),
      1);
}

TEST(PodWork, APodDeletedWhileItsSandboxIsMadeLeavesNothing) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.runtime.hold("RunPodSandbox");
  auto pod = node.add(plain("web"));
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("RunPodSandbox") == 1; }));
  node.remove("web", 0);
  ASSERT_TRUE(node.eventually([&] { return node.stored("web").metadata.name.empty(); }));
  node.workers().gone(pod->metadata.uid);
  ASSERT_TRUE(node.eventually([&] { return !node.workers().knows(pod->metadata.uid); }));
  node.runtime.release("RunPodSandbox");
  EXPECT_TRUE(node.runtime.sandboxes().empty());
}

TEST(PodWork, WhatNoSourceKnowsIsTakenAway) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  auto pod = node.add(plain("web"));
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.restart(false);
  ASSERT_TRUE(node.eventually([&] { return node.cache().is_ready(); }));
  for (const auto& name : node.cache().pods()) node.workers().remove_orphan(name);
  EXPECT_TRUE(node.eventually([&] { return node.runtime.sandboxes().empty(); }));
  EXPECT_TRUE(node.eventually([&] { return !node.workers().knows(pod->metadata.uid); }));
}

TEST(PodWork, AStopOfTheAgentLeavesContainersAndWaitsForNobody) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(with_hook("slow", "postStart"));
  node.add(plain("web"));
  node.runtime.hold("ExecSync");
  ASSERT_TRUE(node.reaches("web", "Running"));
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("ExecSync") <= 1; }));
  const auto running = [&] {
    const auto all = node.runtime.containers();
    return std::count_if(all.begin(), all.end(),
                         [](const auto& c) { return c.state == cri::v1::ContainerState::CONTAINER_RUNNING; });
  };
  const auto before = running();
  node.restart(false);
  EXPECT_EQ(running(), before);
}

/// The clock stands still: what waits for a hook or a grace period waits for ever.
TEST(PodWork, AStopOfTheAgentDoesNotWaitForAPreStopHook) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(with_hook("web", "preStop"));
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.runtime.hold("ExecSync");
  node.remove("web", 300);
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("ExecSync") == 1; }));
  node.restart(false);
  EXPECT_EQ(node.runtime.count("StopContainer"), 0u) << "the agent's end is not the hook's";
  EXPECT_EQ(node.runtime.containers().front().state, cri::v1::ContainerState::CONTAINER_RUNNING);
  node.tell("web");
  EXPECT_TRUE(node.eventually([&] { return node.runtime.held("ExecSync") == 1; }))
      << "it goes on after a start";
}

TEST(PodWork, AStopOfTheAgentDoesNotWaitForTheStopAfterAFailedHook) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.http.status = 500;
  node.runtime.hold("ExecSync");
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never",
      "lifecycle":{"postStart":{"tcpSocket":{"port":80}},"preStop":{"exec":{"command":["sleep","600"]}}}}]}})");
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("ExecSync") == 1; }));
  node.restart(false);
  EXPECT_EQ(node.runtime.count("StopContainer"), 0u);
}

TEST(PodWork, AVolumeWhoseDiskHangsHoldsUpItsOwnPodAlone) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.disk().hold();
  for (int i = 0; i < 20; ++i) {
    node.add(fmt::format(
        R"({{"metadata":{{"name":"slow{}"}},"spec":{{"containers":[{{"name":"a","image":"nginx","imagePullPolicy":"Never",
            "volumeMounts":[{{"name":"v","mountPath":"/v"}}]}}],"volumes":[{{"name":"v","hostPath":{{"path":"/"}}}}]}}}})",
        i));
  }
  ASSERT_TRUE(node.eventually([&] { return node.disk().waiting() == 20; }));
  node.add(plain("web"));
  EXPECT_TRUE(node.reaches("web", "Running"));
  node.settle();
  EXPECT_EQ(node.disk().waiting(), 20u) << "one try of a pod at a time";
  EXPECT_EQ(node.phase_of("slow0"), "Pending");
  // What was begun for a pod that goes ends first: it would make again what was removed.
  node.remove("slow0", 0);
  node.settle();
  EXPECT_FALSE(node.stored("slow0").metadata.name.empty());
  node.disk().release();
  EXPECT_TRUE(node.reaches("slow1", "Running"));
  EXPECT_TRUE(node.eventually([&] { return node.stored("slow0").metadata.name.empty(); }));
}

TEST(PodWork, EachVolumeFailsAloneAndIsNamed) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  const auto pod = node.add(R"({"metadata":{"name":"web"},"spec":{
      "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never","volumeMounts":[
          {"name":"e","mountPath":"/e"},{"name":"one","mountPath":"/1"},{"name":"two","mountPath":"/2"}]}],
      "volumes":[{"name":"one","hostPath":{"path":"/absent/1","type":"File"}},
                 {"name":"two","hostPath":{"path":"/absent/2","type":"Directory"}},{"name":"e","emptyDir":{}}]}})");
  const auto told = [&](const std::string& text) {
    const auto all = node.events.all();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& e) { return e.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(node.eventually([&] {
    return told(
               "MountVolume.SetUp failed for volume \"one\" : hostPath type check failed: /absent/1 is not a "
               "file") &&
           told(
               "MountVolume.SetUp failed for volume \"two\" : hostPath type check failed: /absent/2 is not a "
               "directory");
  }));
  EXPECT_TRUE(node.volumes().stands(pod->spec.volumes[2], *pod));
  EXPECT_EQ(node.phase_of("web"), "Pending");
}

TEST(PodWork, AVolumeThatNoContainerMountsHoldsUpNothing) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}],
      "volumes":[{"name":"one","configMap":{"name":"absent"}},{"name":"two","persistentVolumeClaim":{"claimName":"x"}}]}})");
  EXPECT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(20));  // what it names is waited for a moment
    return node.phase_of("web") == "Running";
  }));
}

}  // namespace
}  // namespace mizzen::kubelet
