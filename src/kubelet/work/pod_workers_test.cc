// The work of pods against a runtime and an API in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "kubelet/testing/pod_of.h"
#include "kubelet/testing/test_node.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestNode;

const char* kWeb =
    R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"IfNotPresent"}]}})";

TEST(PodWorkers, PodComesUpWithUpstreamsEventsInOrder) {
  TestNode node;
  node.runtime.offer_image("nginx:latest");
  node.add(kWeb);
  ASSERT_TRUE(node.reaches("web", "Running"));
  EXPECT_THAT(node.runtime.changes(),
              ElementsAre("RunPodSandbox", "PullImage", "CreateContainer", "StartContainer"));
  const auto all = node.events.all();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0], "Pulling/a: Pulling image \"nginx\"");
  EXPECT_THAT(all[1], HasSubstr("Pulled/a: Successfully pulled image \"nginx\" in "));
  EXPECT_EQ(all[2], "Created/a: Container created");
  EXPECT_EQ(all[3], "Started/a: Container started");
  EXPECT_EQ(node.stored("web").status.podIP.substr(0, 6), "10.42.");
}

TEST(PodWorkers, DeadContainerIsRestartedAtOnceAndThenAfterABackoff) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(kWeb);
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.runtime.exit_container(node.runtime.container_id("a"), 1);
  node.workers().kick(node.uid_of("web"));
  ASSERT_TRUE(
      node.eventually([&] { return node.stored("web").status.containerStatuses.at(0).restartCount == 1; }));
  node.runtime.exit_container(node.runtime.container_id("a"), 1);
  node.workers().kick(node.uid_of("web"));
  ASSERT_TRUE(node.eventually([&] {
    const auto s = node.stored("web").status.containerStatuses.at(0);
    return s.state.waiting && s.state.waiting->reason == "CrashLoopBackOff";
  }));
  EXPECT_EQ(node.stored("web").status.containerStatuses[0].lastState.terminated->exitCode, 1);
  node.clock.advance(seconds(11));
  ASSERT_TRUE(
      node.eventually([&] { return node.stored("web").status.containerStatuses.at(0).restartCount == 2; }));
  EXPECT_LE(node.runtime.containers().size(), 2u) << "only the newest dead one is kept";
}

TEST(PodWorkers, DeadPauseIsReplacedAndOldSandboxesDoNotPileUp) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  auto pod = node.add(kWeb);
  ASSERT_TRUE(node.reaches("web", "Running"));
  for (int round = 1; round <= 4; ++round) {
    node.settle();
    node.clock.advance(
        seconds(1200));  // past every back-off; not while a call is under way, which it would end
    for (const auto& s : node.runtime.sandboxes()) node.runtime.kill_sandbox(s.id);
    node.workers().kick(pod->metadata.uid);
    ASSERT_TRUE(node.eventually([&] {
      node.clock.advance(std::chrono::milliseconds(100));
      const auto s = node.stored("web").status;
      return s.containerStatuses.at(0).restartCount == round && s.containerStatuses[0].state.running;
    }));
    for (const auto& s : node.runtime.sandboxes())
      EXPECT_EQ(s.state == cri::v1::PodSandboxState::SANDBOX_READY, s.network.has_value())
          << "what died by itself gives back its address and its host ports";
  }
  EXPECT_THAT(node.events.all(),
              Contains("SandboxChanged: Pod sandbox changed, it will be killed and re-created."));
  EXPECT_LE(node.runtime.sandboxes().size(), 3u);
  EXPECT_EQ(node.stored("web").metadata.uid, pod->metadata.uid);
}

TEST(PodWorkers, DeletedPodIsStoppedGivenBackAndRemoved) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  auto pod = node.add(kWeb);
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.remove("web", 1);
  ASSERT_TRUE(node.eventually([&] { return node.stored("web").metadata.name.empty(); }))
      << "the object goes last";
  EXPECT_EQ(node.runtime.containers().at(0).state, cri::v1::ContainerState::CONTAINER_EXITED);
  EXPECT_FALSE(path_exists(node.volumes().pod_folder(pod->metadata.uid)));
  node.workers().gone(pod->metadata.uid);
  EXPECT_TRUE(node.eventually([&] { return !node.workers().knows(pod->metadata.uid); }));
  EXPECT_TRUE(node.runtime.sandboxes().empty());
  EXPECT_EQ(node.runtime.count("StopPodSandbox"), 1u) << "the network is given back once";
  EXPECT_THAT(node.events.all(), Contains("Killing/a: Stopping container a"));
}

TEST(PodWorkers, ApiThatIsAwayChangesNothingAndLearnsLater) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  auto pod = node.add(kWeb);
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.api.set_down(true);
  node.runtime.exit_container(node.runtime.container_id("a"), 7);
  node.workers().kick(pod->metadata.uid);
  ASSERT_TRUE(node.eventually([&] { return node.runtime.containers().size() == 2; }))
      << "restarted without the API";
  node.api.set_down(false);
  ASSERT_TRUE(
      node.eventually([&] { return node.stored("web").status.containerStatuses.at(0).restartCount == 1; }));
}

TEST(PodWorkers, MissingConfigMapHoldsTheContainerUntilItIsThere) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"IfNotPresent",
         "envFrom":[{"configMapRef":{"name":"settings"}}]}]}})");
  ASSERT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(5));  // the watch may begin after the first look
    const auto s = node.stored("web").status.containerStatuses;
    return !s.empty() && s[0].state.waiting && s[0].state.waiting->reason == "CreateContainerConfigError";
  }));
  EXPECT_THAT(node.events.all(),
              Contains("Failed/a: Error: configmap \"settings\" not found in namespace \"default\""));
  api::core::v1::ConfigMap map;
  map.metadata.name = "settings";
  map.metadata.namespace_ = "default";
  map.data.set("X", "1");
  ASSERT_TRUE(client::create<api::core::v1::ConfigMap>(node.api, map, {}).ok());
  // The watch may see it after the next try.
  ASSERT_TRUE(node.eventually([&] {
    node.clock.advance(seconds(1));
    return node.phase_of("web") == "Running";
  }));
  EXPECT_EQ(node.runtime.container_config(node.runtime.container_id("a")).envs.at(0).key, "X");
}

TEST(PodWorkers, NeverPodSucceedsAndItsSandboxIsStopped) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  auto pod = node.add(
      R"({"metadata":{"name":"job"},"spec":{"restartPolicy":"Never",
         "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  ASSERT_TRUE(node.reaches("job", "Running"));
  node.runtime.exit_container(node.runtime.container_id("a"), 0);
  node.workers().kick(pod->metadata.uid);
  ASSERT_TRUE(node.reaches("job", "Succeeded"));
  ASSERT_TRUE(node.eventually(
      [&] { return node.runtime.sandboxes().at(0).state == cri::v1::PodSandboxState::SANDBOX_NOTREADY; }));
  EXPECT_EQ(node.runtime.containers().size(), 1u) << "logs stay until the pod is deleted";
}

TEST(PodWorkers, PodBeyondTheBoundIsRefusedWithoutTouchingTheRuntime) {
  TestNode node({.pods_max = 3});
  node.runtime.add_image("nginx:latest");
  for (const char* name : {"p1", "p2", "p3", "p4"}) {
    node.add(R"({"metadata":{"name":")" + std::string(name) +
             R"("},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  }
  ASSERT_TRUE(node.reaches("p4", "Failed"));
  EXPECT_EQ(node.stored("p4").status.reason, "OutOfpods");
  ASSERT_TRUE(node.reaches("p3", "Running"));
  EXPECT_EQ(node.runtime.sandboxes().size(), 3u);
}

std::shared_ptr<const api::core::v1::Node> own_node(const std::string& zone, const std::string& cpu) {
  auto out = std::make_shared<api::core::v1::Node>();
  out->metadata.name = "n1";
  out->metadata.labels.set("zone", zone);
  out->status.allocatable.set("cpu", *codec::Quantity::parse(cpu));
  return out;
}

constexpr const char* kInZoneA =
    R"({"metadata":{"name":"p"},"spec":{"nodeSelector":{"zone":"a"},"containers":[{"name":"a","image":"nginx",
       "imagePullPolicy":"Never","resources":{"requests":{"cpu":"1"}}}]}})";

TEST(PodWorkers, PodThatDoesNotFitIsRefusedAsUpstream) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.node.with([](auto& n) { n = own_node("a", "500m"); });
  node.add(kInZoneA);
  ASSERT_TRUE(node.reaches("p", "Failed"));
  EXPECT_EQ(node.stored("p").status.reason, "OutOfcpu");
  EXPECT_EQ(
      node.stored("p").status.message,
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000, used: 0, capacity: 500");
  EXPECT_TRUE(node.runtime.sandboxes().empty());
}

TEST(PodWorkers, LabelsThatAreHeardAfterThePodCount) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.node.with([](auto& n) { n = own_node("b", "4"); });
  node.add(kInZoneA);
  node.settle();
  EXPECT_NE(node.phase_of("p"), "Failed");
  node.node.with([](auto& n) { n = own_node("a", "4"); });
  node.clock.advance(std::chrono::milliseconds(200));
  ASSERT_TRUE(node.reaches("p", "Running"));
}

TEST(PodWorkers, LabelsThatDoNotComeRefuseThePod) {
  TestNode node;
  node.node.with([](auto& n) { n = own_node("b", "4"); });
  node.add(kInZoneA);
  ASSERT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(100));
    return node.phase_of("p") == "Failed";
  }));
  EXPECT_EQ(node.stored("p").status.reason, "NodeAffinity");
}

TEST(PodWorkers, WhatRunsIsAdoptedWhereItDoesNotFitAnyMoreAndCounts) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.node.with([](auto& n) { n = own_node("a", "4"); });
  node.add(kInZoneA);
  ASSERT_TRUE(node.reaches("p", "Running"));
  node.node.with([](auto& n) { n = own_node("b", "1"); });
  node.restart();
  node.add(
      R"({"metadata":{"name":"q"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never",
         "resources":{"requests":{"cpu":"1"}}}]}})");
  ASSERT_TRUE(node.reaches("q", "Failed"));
  EXPECT_EQ(node.stored("q").status.reason, "OutOfcpu");
  EXPECT_EQ(node.phase_of("p"), "Running");
  EXPECT_EQ(node.runtime.sandboxes().size(), 1u);
}

TEST(PodWorkers, ReadinessFollowsTheProbeAndLivenessRestarts) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.http.status = 500;
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never",
         "readinessProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":1,"failureThreshold":1},
         "livenessProbe":{"exec":{"command":["true"]},"periodSeconds":1,"failureThreshold":2}}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  const std::string unhealthy = "Unhealthy/a: Readiness probe failed: HTTP probe failed with statuscode: 500";
  ASSERT_TRUE(node.eventually([&] {
    node.clock.advance(seconds(1));
    const auto all = node.events.all();
    return std::find(all.begin(), all.end(), unhealthy) != all.end();
  }));
  EXPECT_FALSE(node.stored("web").status.containerStatuses.at(0).ready);
  node.http.status = 200;
  const auto ready = [&] {
    return node.clock.advance(seconds(1)), node.stored("web").status.containerStatuses.at(0).ready;
  };
  ASSERT_TRUE(node.eventually(ready));
  std::atomic<bool> sick = true;
  node.runtime.on_exec([&](const cri::v1::ExecSyncRequest&) {
    cri::v1::ExecSyncResponse out;
    out.exit_code = sick ? 1 : 0;
    return Result<cri::v1::ExecSyncResponse>(out);
  });
  ASSERT_TRUE(node.eventually([&] {
    return node.clock.advance(seconds(1)),
           node.stored("web").status.containerStatuses.at(0).restartCount == 1;
  }));
  sick = false;
  EXPECT_THAT(node.events.all(), Contains("Killing/a: Container a failed liveness probe, will be restarted"));
}

TEST(PodWorkers, AnApplicationThatIsSoonThereIsReadySoon) {
  using std::chrono::milliseconds;
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.http.status = 500;
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"IfNotPresent",
      "readinessProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":10,"failureThreshold":1}}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  const auto told = [&] {
    const auto all = node.events.all();
    return std::count_if(all.begin(), all.end(), [](const auto& e) { return e.starts_with("Unhealthy/a"); });
  };
  ASSERT_TRUE(node.eventually([&] { return told() == 1; }));
  for (int i = 0; i < 5; ++i) {
    node.clock.advance(milliseconds(100));
    node.settle();
  }
  node.http.status = 200;
  for (int i = 0; i < 3; ++i) {
    node.clock.advance(milliseconds(100));
    node.settle();
  }
  EXPECT_TRUE(node.eventually([&] { return node.stored("web").status.containerStatuses.at(0).ready; }));
  EXPECT_EQ(told(), 1) << "early looks that fail are told to nobody";
  node.http.status = 500;
  for (int i = 0; i < 80; ++i) {
    node.clock.advance(milliseconds(100));
    node.settle(2);
  }
  EXPECT_TRUE(node.stored("web").status.containerStatuses.at(0).ready) << "once ready, its period counts";
}

TEST(PodWorkers, EarlyLooksCanBeTurnedOff) {
  TestNode node({.early_looks = false});
  node.runtime.add_image("nginx:latest");
  node.http.status = 500;
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"IfNotPresent",
      "readinessProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":10,"failureThreshold":1}}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  ASSERT_TRUE(node.eventually([&] {
    const auto all = node.events.all();
    return std::any_of(all.begin(), all.end(), [](const auto& e) { return e.starts_with("Unhealthy/a"); });
  }));
  node.http.status = 200;
  for (int i = 0; i < 80; ++i) {
    node.clock.advance(std::chrono::milliseconds(100));
    node.settle(2);
  }
  EXPECT_FALSE(node.stored("web").status.containerStatuses.at(0).ready) << "its period is not over";
}

TEST(PodWorkers, AStartupProbeFailsNoSoonerForBeingLookedAtEarly) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.http.status = 500;
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"IfNotPresent",
      "startupProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":5,"failureThreshold":3}}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  for (int i = 0; i < 95; ++i) {  // the third run comes after 10 s
    node.clock.advance(std::chrono::milliseconds(100));
    node.settle(2);
  }
  EXPECT_EQ(node.runtime.count("StopContainer"), 0u);
  EXPECT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(100));
    return node.runtime.count("StopContainer") == 1;
  }));
}

TEST(PodWorkers, WorkerOfARestartedNodeFindsItsPodsUntouched) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(kWeb);
  ASSERT_TRUE(node.reaches("web", "Running"));
  const auto before = node.runtime.changes();
  node.restart();
  node.settle();
  EXPECT_EQ(node.runtime.changes(), before);
  EXPECT_EQ(node.stored("web").status.containerStatuses.at(0).restartCount, 0);
}

const char* kAllRestart =
    R"({"metadata":{"name":"web"},"spec":{"containers":[
      {"name":"a","image":"nginx","imagePullPolicy":"IfNotPresent","restartPolicy":"Never","restartPolicyRules":[
        {"action":"RestartAllContainers","exitCodes":{"operator":"In","values":[42]}}]},
      {"name":"b","image":"nginx","imagePullPolicy":"IfNotPresent"}]}})";

TEST(PodWorkers, OneExitRestartsAllContainersWhereARuleSaysSo) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(kAllRestart);
  ASSERT_TRUE(node.reaches("web", "Running"));
  const auto sandbox = node.runtime.sandboxes().front().id;
  const auto before_a = node.runtime.container_id("a"), before_b = node.runtime.container_id("b");
  node.runtime.exit_container(before_a, 42);
  node.workers().kick(node.uid_of("web"));
  const auto counts = [&] {
    std::vector<int> out;
    for (const auto& c : node.stored("web").status.containerStatuses)
      out.push_back(c.state.running ? c.restartCount : -1);
    return out;
  };
  ASSERT_TRUE(node.eventually([&] { return counts() == std::vector<int>{1, 1}; }));
  EXPECT_NE(node.runtime.container_id("a"), before_a);
  EXPECT_NE(node.runtime.container_id("b"), before_b);
  ASSERT_EQ(node.runtime.sandboxes().size(), 1u);
  EXPECT_EQ(node.runtime.sandboxes().front().id, sandbox) << "address and volumes stay";
  const auto status = node.stored("web").status;
  EXPECT_EQ(status.containerStatuses[1].lastState.terminated->reason, "RestartingAllContainers");
  const auto condition = std::find_if(status.conditions.begin(), status.conditions.end(),
                                      [](const auto& c) { return c.type == "AllContainersRestarting"; });
  ASSERT_NE(condition, status.conditions.end());
  EXPECT_EQ(condition->status, "False") << "done";
  // The second time waits, as a restart of one container would.
  node.runtime.exit_container(node.runtime.container_id("a"), 42);
  node.workers().kick(node.uid_of("web"));
  ASSERT_TRUE(node.eventually([&] {
    const auto s = node.stored("web").status.containerStatuses;
    return s[0].state.waiting && s[0].state.waiting->reason == "CrashLoopBackOff";
  }));
  EXPECT_TRUE(node.stored("web").status.containerStatuses[1].state.running);
  node.clock.advance(seconds(11));
  EXPECT_TRUE(node.eventually([&] { return counts() == std::vector<int>{2, 2}; }));
}

TEST(PodWorkers, MissingClusterDnsIsToldOncePerSandbox) {
  TestNode node({.dns_servers = {}});
  node.runtime.add_image("nginx:latest");
  node.add(kWeb);
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.runtime.exit_container(node.runtime.container_id("a"), 1);
  ASSERT_TRUE(
      node.eventually([&] { return node.stored("web").status.containerStatuses[0].restartCount == 1; }));
  const auto all = node.events.all();
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [](const auto& e) { return e.starts_with("MissingClusterDNS: pod: "); }),
            1);
  EXPECT_EQ(std::count(all.begin(), all.end(), "node MissingClusterDNS"), 1);
}

TEST(PodWorkers, AnImageThatASecretPulledIsNotGivenToPodsWithoutIt) {
  TestNode node;
  node.runtime.offer_image("r.io/app:1");
  api::core::v1::Secret secret;
  secret.metadata.name = "pull";
  secret.metadata.namespace_ = "default";
  secret.type = "kubernetes.io/dockerconfigjson";
  secret.data.set(".dockerconfigjson", R"({"auths":{"r.io":{"username":"u","password":"p"}}})");
  ASSERT_TRUE(client::create<api::core::v1::Secret>(node.api, secret, {}).ok());
  const auto pod = [](const std::string& name, const std::string& policy, const std::string& more) {
    return R"({"metadata":{"name":")" + name + R"("},"spec":{)" + more + R"("containers":[{"name":")" + name +
           R"(","image":"r.io/app:1","imagePullPolicy":")" + policy + R"("}]}})";
  };
  const std::string with = R"("imagePullSecrets":[{"name":"pull"}],)";
  node.add(pod("first", "IfNotPresent", with));
  ASSERT_TRUE(node.reaches("first", "Running"));
  const auto told = [&](const std::string& text) {
    return node.eventually([&] {
      const auto all = node.events.all();
      return std::find(all.begin(), all.end(), text) != all.end();
    });
  };
  const std::string present =
      ": Container image \"r.io/app:1\" already present on machine and can be accessed by the pod";
  node.add(pod("second", "Never", with));
  EXPECT_TRUE(told("Pulled/second" + present));
  node.restart();
  node.add(pod("third", "Never", ""));
  EXPECT_TRUE(told(
      "ErrImageNeverPull/third: Container image \"r.io/app:1\" is not present with pull policy of Never"));
  EXPECT_EQ(node.runtime.count("PullImage"), 1u);
  node.add(pod("fourth", "IfNotPresent", ""));  // asks the registry itself, which gives it to anybody
  ASSERT_TRUE(node.reaches("fourth", "Running"));
  EXPECT_EQ(node.runtime.count("PullImage"), 2u);
  node.add(pod("fifth", "Never", ""));
  EXPECT_TRUE(told("Pulled/fifth" + present));
}

TEST(PodWorkers, AFullDiskCostsPodsThatAreOverTheirRecords) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(
      R"({"metadata":{"name":"job"},"spec":{"restartPolicy":"Never","containers":[
          {"name":"j","image":"nginx","imagePullPolicy":"Never"}]}})");
  node.add(R"({"metadata":{"name":"web"},"spec":{"containers":[
      {"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  ASSERT_TRUE(node.reaches("job", "Running") && node.reaches("web", "Running"));
  node.runtime.exit_container(node.runtime.container_id("j"), 0);
  ASSERT_TRUE(node.reaches("job", "Succeeded"));
  node.runtime.exit_container(node.runtime.container_id("a"), 1);
  ASSERT_TRUE(node.eventually([&] { return node.runtime.containers().size() == 3; }));
  node.workers().remove_dead_containers();
  EXPECT_TRUE(node.eventually([&] { return node.runtime.container_id("j").empty(); }));
  node.settle();
  EXPECT_EQ(node.runtime.containers().size(), 2u) << "the last record of a pod that goes on stays";
  EXPECT_EQ(node.phase_of("job"), "Succeeded");
}

TEST(PodWorkers, APodThatAsksForIsolationIsNeverRunWithoutIt) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  const auto pod = [](const std::string& name, const std::string& spec) {
    return R"({"metadata":{"name":")" + name + R"("},"spec":{)" + spec +
           R"(,"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})";
  };
  node.add(pod("strict", R"("securityContext":{"supplementalGroupsPolicy":"Strict"})"));
  ASSERT_TRUE(node.reaches("strict", "Failed"));
  EXPECT_EQ(node.stored("strict").status.reason, "SupplementalGroupsPolicyNotSupported");
  EXPECT_EQ(node.stored("strict").status.message,
            "Pod was rejected: SupplementalGroupsPolicy=Strict is not supported in this node");
  const auto told = [&](const std::string& text) {
    return node.eventually([&] {
      const auto all = node.events.all();
      return std::find(all.begin(), all.end(), text) != all.end();
    });
  };
  node.add(pod("users", R"("hostUsers":false)"));
  EXPECT_TRUE(
      told("FailedCreatePodSandBox: Failed to create pod sandbox: can't set `spec.hostUsers: false`, runtime "
           "does not support user namespaces"));
  node.add(pod("class", R"("runtimeClassName":"gvisor")"));
  EXPECT_TRUE(
      told("FailedCreatePodSandBox: Failed to create pod sandbox: can't set `spec.runtimeClassName: gvisor`, "
           "this node's agent does not support runtime classes"));
  EXPECT_TRUE(node.runtime.changes().empty()) << "nothing of them was begun";
  EXPECT_EQ(node.phase_of("class"), "Pending");

  node.abilities.with([](auto& a) { a.groups_policy = true; });
  node.add(pod("able", R"("securityContext":{"supplementalGroupsPolicy":"Strict"})"));
  EXPECT_TRUE(node.reaches("able", "Running"));
}

TEST(PodWorkers, AMountThatMustBeReadOnlyWithAllBelowIsNotMadeWithout) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  const auto pod = [](const std::string& name, const std::string& mode) {
    return R"({"metadata":{"name":")" + name +
           R"("},"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"a","image":"nginx",
           "imagePullPolicy":"Never","volumeMounts":[{"name":"v","mountPath":"/v","readOnly":true,
           "recursiveReadOnly":")" +
           mode + R"("}]}]}})";
  };
  node.add(pod("must", "Enabled"));
  ASSERT_TRUE(node.eventually([&] {
    const auto status = node.stored("must").status;
    return !status.containerStatuses.empty() && status.containerStatuses[0].state.waiting &&
           status.containerStatuses[0].state.waiting->reason == "CreateContainerConfigError";
  }));
  auto status = node.stored("must").status.containerStatuses.at(0);
  EXPECT_EQ(
      status.state.waiting->message,
      "failed to resolve recursive read-only mode: volume \"v\" requested recursive read-only mode, but "
      "it is not supported by the runtime");
  EXPECT_EQ(status.volumeMounts.at(0).recursiveReadOnly, "Disabled");
  node.add(pod("may", "IfPossible"));
  ASSERT_TRUE(node.reaches("may", "Running"));
  EXPECT_EQ(node.stored("may").status.containerStatuses.at(0).volumeMounts.at(0).recursiveReadOnly,
            "Disabled");
  node.abilities.with([](auto& a) { a.recursive_read_only = true; });
  node.add(pod("does", "IfPossible"));
  ASSERT_TRUE(node.reaches("does", "Running"));
  EXPECT_EQ(node.stored("does").status.containerStatuses.at(0).volumeMounts.at(0).recursiveReadOnly,
            "Enabled");
}

/// A static pod whose hook takes its whole grace period.
std::shared_ptr<const Pod> manifest(const std::string& uid) {
  Pod pod =
      testing::pod_of(R"({"metadata":{"name":"web","annotations":{"kubernetes.io/config.source":"file"}},
      "spec":{"terminationGracePeriodSeconds":20,"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never",
      "lifecycle":{"preStop":{"exec":{"command":["sleep","600"]}}}}]}})");
  pod.metadata.uid = uid;
  return std::make_shared<const Pod>(std::move(pod));
}

TEST(PodWorkers, AStaticPodWaitsForTheEndOfTheOneBeforeItAndForNoSource) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.sources_ready = false;  // the API is away
  node.workers().upsert(manifest("one"));
  ASSERT_TRUE(node.eventually([&] { return node.cache().pod("one").any_running(); }));
  node.runtime.hold("ExecSync");
  node.workers().gone("one", manifest("one"));
  node.workers().upsert(manifest("two"));
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("ExecSync") == 1; }));
  node.settle();
  EXPECT_EQ(node.runtime.sandboxes().size(), 1u) << "two pods of one name never run side by side";
  node.clock.advance(std::chrono::seconds(19));
  node.settle();
  EXPECT_EQ(node.runtime.count("StopContainer"), 0u) << "a manifest's pod has its own grace period";
  node.runtime.release("ExecSync");
  EXPECT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(100));
    return node.cache().pod("two").any_running();
  }));
}

TEST(PodWorkers, APodDeletedByForceKeepsNoPlaceWhileItEnds) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  const auto with_port = [](const std::string& name) {
    return R"({"metadata":{"name":")" + name + R"("},"spec":{"containers":[{"name":"a","image":"nginx",
        "imagePullPolicy":"Never","ports":[{"containerPort":80,"hostPort":8080,"protocol":"TCP"}]}]}})";
  };
  const auto first = node.add(with_port("first"));
  ASSERT_TRUE(node.reaches("first", "Running"));
  node.runtime.hold("StopContainer");
  node.workers().gone(first->metadata.uid, first);
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("StopContainer") == 1; }));
  node.add(with_port("second"));
  EXPECT_TRUE(node.reaches("second", "Running")) << "the network says whose the port is, and waits";
}

TEST(PodWorkers, AManifestThatIsWrittenAnewWhileItsPodEndsRunsAgain) {
  for (const bool stays : {true, false}) {
    TestNode node;
    node.runtime.add_image("nginx:latest");
    node.workers().upsert(manifest("one"));
    ASSERT_TRUE(node.eventually([&] { return node.cache().pod("one").any_running(); }));
    node.runtime.hold("ExecSync");
    node.workers().gone("one", manifest("one"));
    ASSERT_TRUE(node.eventually([&] { return node.runtime.held("ExecSync") == 1; }));
    node.workers().upsert(manifest("one"));
    if (!stays) node.workers().gone("one", manifest("one"));
    node.settle();
    EXPECT_EQ(node.runtime.count("StartContainer"), 1u) << "the first has not ended yet";
    node.runtime.release("ExecSync");
    ASSERT_TRUE(node.eventually([&] {
      node.clock.advance(std::chrono::milliseconds(100));
      return stays ? node.runtime.count("StartContainer") == 2 && node.cache().pod("one").any_running()
                   : !node.workers().knows("one");
    })) << "stays: "
        << stays;
  }
}

TEST(PodWorkers, AManifestThatChangedWhileTheAgentWasDownWaitsForWhatItLeft) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.workers().upsert(manifest("one"));
  ASSERT_TRUE(node.eventually([&] { return node.cache().pod("one").any_running(); }));
  EXPECT_EQ(node.cache().pod("one").source(), "file");
  node.restart(false);
  node.workers().upsert(manifest("two"));
  for (int second = 0; second < 10; ++second) {
    node.clock.advance(std::chrono::seconds(1));
    node.settle();
  }
  EXPECT_EQ(node.runtime.sandboxes().size(), 1u) << "two pods of one name never run side by side";
  node.runtime.hold("StopContainer");
  node.workers().remove_orphan({"one", "default", "web"});
  ASSERT_TRUE(node.eventually([&] { return node.runtime.held("StopContainer") == 1; }));
  for (int second = 0; second < 10; ++second) {
    node.clock.advance(std::chrono::seconds(1));
    node.settle();
  }
  EXPECT_EQ(node.runtime.sandboxes().size(), 1u) << "nor while the first ends";
  node.runtime.release("StopContainer");
  EXPECT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(100));
    return node.cache().pod("two").any_running();
  }));
  EXPECT_EQ(node.runtime.sandboxes().size(), 1u);
}

TEST(PodWorkers, APodOfTheApiHoldsUpNoStaticPodOfItsName) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  node.workers().upsert(manifest("one"));
  EXPECT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(100));
    return node.cache().pod("one").any_running();
  }));
}

TEST(PodWorkers, AContainerWhoseImageIsNotThereHoldsUpNoOther) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(R"({"metadata":{"name":"web"},"spec":{"containers":[
      {"name":"a","image":"absent","imagePullPolicy":"Never"},{"name":"b","image":"nginx","imagePullPolicy":"Never"},
      {"name":"c","image":"nginx","imagePullPolicy":"Never"}]}})");
  ASSERT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(100));
    return !node.runtime.container_id("b").empty() && !node.runtime.container_id("c").empty();
  }));
  EXPECT_EQ(node.stored("web").status.containerStatuses.at(0).state.waiting->reason, "ErrImageNeverPull");
}

/// A pod "web" that runs gets an ephemeral container "debug"; `change` says more of it.
void add_debug(TestNode& node, const std::function<void(api::core::v1::EphemeralContainer&)>& change) {
  node.runtime.add_image("nginx:latest");
  node.add(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  ASSERT_TRUE(node.reaches("web", "Running"));
  Pod debugged = node.stored("web");
  debugged.metadata.resourceVersion.clear();
  auto& added = debugged.spec.ephemeralContainers.emplace_back();
  added.ephemeralContainerCommon.name = "debug";
  added.ephemeralContainerCommon.image = "nginx";
  added.ephemeralContainerCommon.imagePullPolicy = "Never";
  change(added);
  ASSERT_TRUE(client::update<Pod>(node.api, debugged, {}).ok());
  node.tell("web");
}

TEST(PodWorkers, AnEphemeralContainerRunsOnceAndSeesItsTarget) {
  TestNode node;
  add_debug(node, [](auto& added) { added.targetContainerName = "a"; });
  const auto status = [&]() -> api::core::v1::ContainerStatus {
    const auto all = node.stored("web").status.ephemeralContainerStatuses;
    return all.empty() ? api::core::v1::ContainerStatus() : all.at(0);
  };
  ASSERT_TRUE(node.eventually([&] { return static_cast<bool>(status().state.running); }));
  const auto record = *node.cache().pod(node.stored("web").metadata.uid).newest("debug");
  const auto target = *node.cache().pod(node.stored("web").metadata.uid).newest("a");
  const auto namespaces = node.runtime.container_config(record.id).linux->security_context->namespace_options;
  EXPECT_EQ(namespaces->pid, cri::v1::NamespaceMode::TARGET);
  EXPECT_EQ(namespaces->target_id, target.id);
  EXPECT_THAT(node.events.all(), Contains("Started/debug: Container started"));
  EXPECT_FALSE(status().ready) << "nobody waits for it";
  node.runtime.exit_container(record.id, 3);
  ASSERT_TRUE(node.eventually([&] { return static_cast<bool>(status().state.terminated); }));
  EXPECT_EQ(status().state.terminated->exitCode, 3);
  for (int second = 0; second < 30; ++second) {
    node.clock.advance(std::chrono::seconds(1));
    node.settle();
  }
  EXPECT_EQ(node.stored("web").status.phase, "Running");
  EXPECT_EQ(status().restartCount, 0);
  EXPECT_EQ(node.runtime.count("StartContainer"), 2u) << "it has had its run";
  node.restart();
  node.settle();
  EXPECT_EQ(node.runtime.count("StartContainer"), 2u);
}

TEST(PodWorkers, APrivilegedEphemeralContainerIsRefusedWhereThatIsDisallowed) {
  TestNode node;
  node.abilities.with([](auto& a) { a.privileged = false; });
  add_debug(node,
            [](auto& added) { added.ephemeralContainerCommon.securityContext.ensure().privileged = true; });
  ASSERT_TRUE(node.eventually([&] {
    const auto all = node.stored("web").status.ephemeralContainerStatuses;
    return !all.empty() && all[0].state.waiting &&
           all[0].state.waiting->reason == "CreateContainerConfigError";
  }));
  EXPECT_EQ(node.runtime.count("StartContainer"), 1u);
}

TEST(PodWorkers, AnEphemeralContainerWhoseTargetNeverRanSaysSo) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.add(R"({"metadata":{"name":"web"},"spec":{"containers":[
      {"name":"a","image":"nginx","imagePullPolicy":"Never"},{"name":"b","image":"absent","imagePullPolicy":"Never"}],
      "ephemeralContainers":[
      {"name":"debug","image":"nginx","imagePullPolicy":"Never","targetContainerName":"b"}]}})");
  ASSERT_TRUE(node.eventually([&] {
    const auto all = node.stored("web").status.ephemeralContainerStatuses;
    return !all.empty() && all[0].state.waiting &&
           all[0].state.waiting->reason == "CreateContainerConfigError";
  }));
  EXPECT_EQ(node.stored("web").status.ephemeralContainerStatuses[0].state.waiting->message,
            "unable to find target container b");
}

// S2.42
TEST(PodWorkers, PodsOfOneNameFromTwoSourcesBothRun) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  node.workers().upsert(manifest("one"));
  ASSERT_TRUE(node.eventually([&] { return node.cache().pod("one").any_running(); }));
  Pod other = *manifest("two");
  other.metadata.annotations.set(kSourceAnnotation, "etcd");
  node.workers().upsert(std::make_shared<const Pod>(other));
  EXPECT_TRUE(node.eventually([&] {
    node.clock.advance(std::chrono::milliseconds(100));
    return node.cache().pod("two").any_running();
  })) << "web.default.file and web.default.etcd are two pods";
  EXPECT_TRUE(node.cache().pod("one").any_running());
}

// S2.16
TEST(PodWorkers, OfTwoManifestsThatWantOneHostPortTheSecondIsLeftOut) {
  TestNode node;
  node.runtime.add_image("nginx:latest");
  const auto wants = [](const std::string& name) {
    Pod pod = *manifest(name);
    pod.metadata.name = name;
    auto& port = pod.spec.containers[0].ports.emplace_back();
    port.containerPort = 80;
    port.hostPort = 8888;
    port.protocol = "TCP";
    return std::make_shared<const Pod>(std::move(pod));
  };
  node.workers().upsert(wants("first"));
  ASSERT_TRUE(node.eventually([&] { return node.cache().pod("first").any_running(); }));
  node.workers().upsert(wants("second"));
  const auto told = [&] {
    for (const auto& event : node.events.all())
      if (event.find("HostPortConflict") != std::string::npos) return true;
    return false;
  };
  EXPECT_TRUE(node.eventually(told));
  EXPECT_FALSE(node.cache().knows("second"));
  EXPECT_TRUE(node.cache().pod("first").any_running());
}

}  // namespace
}  // namespace mizzen::kubelet
