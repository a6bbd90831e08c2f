// The kubelet's pod workers against a runtime and an API in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>

#include "api/schema/core/v1/pod.h"
#include "client/testing/fake_api.h"
#include "codec/json/json_codec.h"
#include "cri/testing/fake_runtime.h"
#include "kubelet/config/api_sources.h"
#include "kubelet/node/node_manager.h"
#include "kubelet/sync/pod_workers.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet {
namespace {

using api::coordination::v1::Lease;
using client::testing::FakeApi;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class RecordedEvents final : public Events {
 public:
  void pod_event(const Pod&, const std::string& container, bool, std::string_view reason,
                 const std::string& message) override {
    events_.with([&](auto& e) {
      e.push_back(std::string(reason) + (container.empty() ? "" : "/" + container) + ": " + message);
    });
  }
  void node_event(bool, std::string_view reason, const std::string&) override {
    events_.with([&](auto& e) { e.push_back("node " + std::string(reason)); });
  }
  std::vector<std::string> all() const {
    return events_.with([](const auto& e) { return e; });
  }

 private:
  Guarded<std::vector<std::string>> events_;
};

class NoHttp final : public HttpGetter {
 public:
  Result<Answer> get(const std::string&, const std::vector<std::pair<std::string, std::string>>&,
                     Deadline) override {
    return Answer{status.load(), "body", ""};
  }
  std::atomic<int> status = 200;
};

class WorkersTest : public ::testing::Test {
 protected:
  WorkersTest() {
    run_.logs_folder = scratch_.at("logs");
    run_.dns.servers = {"10.96.0.10"};
    make_workers();
  }
  /// With the options as they are now.
  void make_workers() {
    workers_.reset();
    PodRunner::Deps deps{runtime_,
                         puller_,
                         events_,
                         handlers_,
                         volumes_,
                         objects_,
                         nullptr,
                         pool_,
                         clock_,
                         secure_random(),
                         [](const std::string&) { return Result<Services>(Services()); },
                         [] { return volumes::Allocatable(); }};
    runner_ = std::make_unique<PodRunner>(deps, run_);
    probes_ = std::make_unique<ProbeManager>(ProbeManager::Deps{
        handlers_, events_, pool_, clock_, [this](const std::string& uid) { workers_->kick(uid); }});
    statuses_ = std::make_unique<StatusManager>(StatusManager::Deps{api_, pool_, clock_});
    PodWorkers::Options options;
    options.host_ips = {"192.0.2.1"};
    options.pods_max = 3;
    workers_ =
        std::make_unique<PodWorkers>(PodWorkers::Deps{runtime_, *runner_, *probes_, *statuses_, events_,
                                                      pool_, clock_, secure_random(), nullptr, nullptr},
                                     options);
  }
  ~WorkersTest() override {
    workers_->stop();
    pool_.stop();
    runtime_pool_.stop();
  }
  /// A pod bound to this node, stored in the API and told to the workers.
  std::shared_ptr<const Pod> add(const std::string& json) {
    auto pod = codec::from_json<Pod>(json);
    EXPECT_TRUE(pod.ok()) << pod.error().message();
    pod->metadata.namespace_ = "default";
    if (pod->spec.restartPolicy.empty()) pod->spec.restartPolicy = "Always";
    pod->status.phase = "Pending";
    auto made = client::create<Pod>(api_, std::move(*pod), {});
    EXPECT_TRUE(made.ok());
    workers_->upsert(*made);
    return *made;
  }
  Pod stored(const std::string& name) {
    auto pod = client::get<Pod>(api_, "default", name, {});
    return pod.ok() ? **pod : Pod();
  }
  /// Drives ticks until the condition holds.
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 400; ++i) {
      if (condition()) return true;
      workers_->tick();
      probes_->tick();
      statuses_->tick();
      ::usleep(5000);
    }
    return condition();
  }
  bool phase(const std::string& name, const std::string& wanted) {
    return eventually([&] { return stored(name).status.phase == wanted; });
  }
  std::string uid_of(const std::string& name) { return stored(name).metadata.uid; }

  linux::ScratchFolder scratch_;
  ManualClock clock_;
  ThreadPool runtime_pool_{real_clock(), {.name = "runtime"}};
  cri::FakeRuntime runtime_{clock_, runtime_pool_};
  FakeApi api_;
  RecordedEvents events_;
  NoHttp http_;
  HandlerRunner handlers_{runtime_, http_, clock_};
  ThreadPool pool_{real_clock(), {.name = "test", .threads_max = 8}};
  ImagePuller puller_{{runtime_, events_, clock_}};
  volumes::Volumes volumes_{scratch_.at("pods"), clock_, secure_random()};
  ApiObjects objects_{api_};
  PodRunner::Options run_;
  std::unique_ptr<PodRunner> runner_;
  std::unique_ptr<ProbeManager> probes_;
  std::unique_ptr<StatusManager> statuses_;
  std::unique_ptr<PodWorkers> workers_;
};

const char* kWeb =
    R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"IfNotPresent"}]}})";

TEST_F(WorkersTest, PodComesUpWithUpstreamsEventsInOrder) {
  runtime_.offer_image("nginx:latest");
  add(kWeb);
  ASSERT_TRUE(phase("web", "Running"));
  EXPECT_THAT(runtime_.changes(),
              ElementsAre("RunPodSandbox", "PullImage", "CreateContainer", "StartContainer"));
  const auto all = events_.all();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0], "Pulling/a: Pulling image \"nginx\"");
  EXPECT_THAT(all[1], HasSubstr("Pulled/a: Successfully pulled image \"nginx\" in "));
  EXPECT_EQ(all[2], "Created/a: Container created");
  EXPECT_EQ(all[3], "Started/a: Container started");
  EXPECT_EQ(stored("web").status.podIP.substr(0, 6), "10.42.");
}

TEST_F(WorkersTest, DeadContainerIsRestartedAtOnceAndThenAfterABackoff) {
  runtime_.add_image("nginx:latest");
  add(kWeb);
  ASSERT_TRUE(phase("web", "Running"));
  runtime_.exit_container(runtime_.container_id("a"), 1);
  workers_->kick(uid_of("web"));
  ASSERT_TRUE(eventually([&] { return stored("web").status.containerStatuses.at(0).restartCount == 1; }));
  runtime_.exit_container(runtime_.container_id("a"), 1);
  workers_->kick(uid_of("web"));
  ASSERT_TRUE(eventually([&] {
    const auto s = stored("web").status.containerStatuses.at(0);
    return s.state.waiting && s.state.waiting->reason == "CrashLoopBackOff";
  }));
  EXPECT_EQ(stored("web").status.containerStatuses[0].lastState.terminated->exitCode, 1);
  clock_.advance(seconds(11));
  ASSERT_TRUE(eventually([&] { return stored("web").status.containerStatuses.at(0).restartCount == 2; }));
  EXPECT_LE(runtime_.containers().size(), 2u) << "only the newest dead one is kept";
}

TEST_F(WorkersTest, DeadPauseIsReplacedAndOldSandboxesDoNotPileUp) {
  runtime_.add_image("nginx:latest");
  auto pod = add(kWeb);
  ASSERT_TRUE(phase("web", "Running"));
  for (int round = 1; round <= 4; ++round) {
    for (const auto& s : runtime_.sandboxes()) runtime_.kill_sandbox(s.id);
    workers_->kick(pod->metadata.uid);
    clock_.advance(seconds(1200));  // past every back-off
    ASSERT_TRUE(eventually([&] {
      const auto s = stored("web").status;
      return s.containerStatuses.at(0).restartCount == round && s.containerStatuses[0].state.running;
    }));
  }
  EXPECT_THAT(events_.all(),
              Contains("SandboxChanged: Pod sandbox changed, it will be killed and re-created."));
  EXPECT_LE(runtime_.sandboxes().size(), 3u);
  EXPECT_EQ(stored("web").metadata.uid, pod->metadata.uid);
}

TEST_F(WorkersTest, DeletedPodIsStoppedGivenBackAndRemoved) {
  runtime_.add_image("nginx:latest");
  auto pod = add(kWeb);
  ASSERT_TRUE(phase("web", "Running"));
  Pod ending = stored("web");
  ending.metadata.deletionTimestamp = codec::Time::from(clock_.wall());
  ending.metadata.deletionGracePeriodSeconds = 1;
  auto updated = client::update<Pod>(api_, ending, {});
  ASSERT_TRUE(updated.ok());
  workers_->upsert(*updated);
  ASSERT_TRUE(eventually([&] { return stored("web").metadata.name.empty(); })) << "the object goes last";
  EXPECT_EQ(runtime_.containers().at(0).state, cri::v1::ContainerState::CONTAINER_EXITED);
  EXPECT_FALSE(path_exists(volumes_.pod_folder(pod->metadata.uid)));
  workers_->gone(pod->metadata.uid);
  EXPECT_TRUE(eventually([&] { return !workers_->knows(pod->metadata.uid); }));
  EXPECT_TRUE(runtime_.sandboxes().empty());
  EXPECT_THAT(events_.all(), Contains("Killing/a: Stopping container a"));
}

TEST_F(WorkersTest, ApiThatIsAwayChangesNothingAndLearnsLater) {
  runtime_.add_image("nginx:latest");
  auto pod = add(kWeb);
  ASSERT_TRUE(phase("web", "Running"));
  api_.set_down(true);
  runtime_.exit_container(runtime_.container_id("a"), 7);
  workers_->kick(pod->metadata.uid);
  ASSERT_TRUE(eventually([&] { return runtime_.containers().size() == 2; })) << "restarted without the API";
  api_.set_down(false);
  ASSERT_TRUE(eventually([&] { return stored("web").status.containerStatuses.at(0).restartCount == 1; }));
}

TEST_F(WorkersTest, MissingConfigMapHoldsTheContainerUntilItIsThere) {
  runtime_.add_image("nginx:latest");
  add(R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"IfNotPresent",
         "envFrom":[{"configMapRef":{"name":"settings"}}]}]}})");
  ASSERT_TRUE(eventually([&] {
    const auto s = stored("web").status.containerStatuses;
    return !s.empty() && s[0].state.waiting && s[0].state.waiting->reason == "CreateContainerConfigError";
  }));
  EXPECT_THAT(events_.all(),
              Contains("Failed/a: Error: configmap \"settings\" not found in namespace \"default\""));
  api::core::v1::ConfigMap map;
  map.metadata.name = "settings";
  map.metadata.namespace_ = "default";
  map.data.set("X", "1");
  ASSERT_TRUE(client::create<api::core::v1::ConfigMap>(api_, map, {}).ok());
  clock_.advance(seconds(16));
  ASSERT_TRUE(phase("web", "Running"));
  EXPECT_EQ(runtime_.container_config(runtime_.container_id("a")).envs.at(0).key, "X");
}

TEST_F(WorkersTest, NeverPodSucceedsAndItsSandboxIsStopped) {
  runtime_.add_image("nginx:latest");
  auto pod = add(
      R"({"metadata":{"name":"job"},"spec":{"restartPolicy":"Never",
         "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  ASSERT_TRUE(phase("job", "Running"));
  runtime_.exit_container(runtime_.container_id("a"), 0);
  workers_->kick(pod->metadata.uid);
  ASSERT_TRUE(phase("job", "Succeeded"));
  ASSERT_TRUE(eventually(
      [&] { return runtime_.sandboxes().at(0).state == cri::v1::PodSandboxState::SANDBOX_NOTREADY; }));
  EXPECT_EQ(runtime_.containers().size(), 1u) << "logs stay until the pod is deleted";
}

TEST_F(WorkersTest, PodBeyondTheBoundIsRefusedWithoutTouchingTheRuntime) {
  runtime_.add_image("nginx:latest");
  for (const char* name : {"p1", "p2", "p3", "p4"}) {
    add(R"({"metadata":{"name":")" + std::string(name) +
        R"("},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
  }
  ASSERT_TRUE(phase("p4", "Failed"));
  EXPECT_EQ(stored("p4").status.reason, "OutOfpods");
  ASSERT_TRUE(phase("p3", "Running"));
  EXPECT_EQ(runtime_.sandboxes().size(), 3u);
}

TEST_F(WorkersTest, ReadinessFollowsTheProbeAndLivenessRestarts) {
  runtime_.add_image("nginx:latest");
  http_.status = 500;
  add(R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never",
         "readinessProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":1,"failureThreshold":1},
         "livenessProbe":{"exec":{"command":["true"]},"periodSeconds":1,"failureThreshold":2}}]}})");
  ASSERT_TRUE(phase("web", "Running"));
  const std::string unhealthy = "Unhealthy/a: Readiness probe failed: HTTP probe failed with statuscode: 500";
  ASSERT_TRUE(eventually([&] {
    clock_.advance(seconds(1));
    const auto all = events_.all();
    return std::find(all.begin(), all.end(), unhealthy) != all.end();
  }));
  EXPECT_FALSE(stored("web").status.containerStatuses.at(0).ready);
  http_.status = 200;
  const auto ready = [&] {
    return clock_.advance(seconds(1)), stored("web").status.containerStatuses.at(0).ready;
  };
  ASSERT_TRUE(eventually(ready));
  std::atomic<bool> sick = true;
  runtime_.on_exec([&](const cri::v1::ExecSyncRequest&) {
    cri::v1::ExecSyncResponse out;
    out.exit_code = sick ? 1 : 0;
    return Result<cri::v1::ExecSyncResponse>(out);
  });
  ASSERT_TRUE(eventually([&] {
    return clock_.advance(seconds(1)), stored("web").status.containerStatuses.at(0).restartCount == 1;
  }));
  sick = false;
  EXPECT_THAT(events_.all(), Contains("Killing/a: Container a failed liveness probe, will be restarted"));
}

TEST_F(WorkersTest, WorkerOfARestartedNodeFindsItsPodsUntouched) {
  runtime_.add_image("nginx:latest");
  auto pod = add(kWeb);
  ASSERT_TRUE(phase("web", "Running"));
  const auto before = runtime_.changes();
  workers_->stop();
  ThreadPool writers(real_clock(), {.name = "writers"});
  StatusManager statuses({api_, writers, clock_});
  PodWorkers again(
      {runtime_, *runner_, *probes_, statuses, events_, pool_, clock_, secure_random(), nullptr, nullptr},
      {});
  again.upsert(std::make_shared<const Pod>(stored("web")));
  for (int i = 0; i < 20; ++i) {
    again.tick();
    ::usleep(5000);
  }
  again.stop();
  writers.stop();  // before the statuses, which it writes, go
  EXPECT_EQ(runtime_.changes(), before);
  EXPECT_EQ(stored("web").status.containerStatuses.at(0).restartCount, 0);
}

TEST(NodeManagerTest, RegistersReportsReadyAndHoldsTheLease) {
  FakeApi api;
  RecordedEvents events;
  NodeFacts facts;
  facts.name = facts.hostname = "n1";
  facts.machine.memory_bytes = 1ull << 30;
  facts.memory_available_bytes = 1ull << 29;
  facts.machine.cpus = 1;
  NodeManager manager({api, events, real_clock(), [&] { return facts; }});
  manager.start();
  bool ready = false, lease = false;
  for (int i = 0; i < 400 && !(ready && lease); ++i) {
    ::usleep(5000);
    const auto node = client::get<Node>(api, "", "n1", {});
    ready = node.ok() && !(*node)->status.conditions.empty() &&
            (*node)->status.conditions.back().status == "True";
    lease = client::get<Lease>(api, client::kNodeLeaseNamespace, "n1", {}).ok();
  }
  manager.stop();
  EXPECT_TRUE(ready && lease);
  EXPECT_EQ(*(*client::get<Lease>(api, client::kNodeLeaseNamespace, "n1", {}))->spec.holderIdentity, "n1");
  EXPECT_THAT(events.all(), Contains("node NodeReady"));
}

const char* kAllRestart =
    R"({"metadata":{"name":"web"},"spec":{"containers":[
      {"name":"a","image":"nginx","imagePullPolicy":"IfNotPresent","restartPolicy":"Never","restartPolicyRules":[
        {"action":"RestartAllContainers","exitCodes":{"operator":"In","values":[42]}}]},
      {"name":"b","image":"nginx","imagePullPolicy":"IfNotPresent"}]}})";

TEST_F(WorkersTest, OneExitRestartsAllContainersWhereARuleSaysSo) {
  runtime_.add_image("nginx:latest");
  add(kAllRestart);
  ASSERT_TRUE(phase("web", "Running"));
  const auto sandbox = runtime_.sandboxes().front().id;
  const auto before_a = runtime_.container_id("a"), before_b = runtime_.container_id("b");
  runtime_.exit_container(before_a, 42);
  workers_->kick(uid_of("web"));
  const auto counts = [&] {
    std::vector<int> out;
    for (const auto& c : stored("web").status.containerStatuses)
      out.push_back(c.state.running ? c.restartCount : -1);
    return out;
  };
  ASSERT_TRUE(eventually([&] { return counts() == std::vector<int>{1, 1}; }));
  EXPECT_NE(runtime_.container_id("a"), before_a);
  EXPECT_NE(runtime_.container_id("b"), before_b);
  ASSERT_EQ(runtime_.sandboxes().size(), 1u);
  EXPECT_EQ(runtime_.sandboxes().front().id, sandbox) << "address and volumes stay";
  const auto status = stored("web").status;
  EXPECT_EQ(status.containerStatuses[1].lastState.terminated->reason, "RestartingAllContainers");
  const auto condition = std::find_if(status.conditions.begin(), status.conditions.end(),
                                      [](const auto& c) { return c.type == "AllContainersRestarting"; });
  ASSERT_NE(condition, status.conditions.end());
  EXPECT_EQ(condition->status, "False") << "done";
  // The second time waits, as a restart of one container would.
  runtime_.exit_container(runtime_.container_id("a"), 42);
  workers_->kick(uid_of("web"));
  ASSERT_TRUE(eventually([&] {
    const auto s = stored("web").status.containerStatuses;
    return s[0].state.waiting && s[0].state.waiting->reason == "CrashLoopBackOff";
  }));
  EXPECT_TRUE(stored("web").status.containerStatuses[1].state.running);
  clock_.advance(seconds(11));
  EXPECT_TRUE(eventually([&] { return counts() == std::vector<int>{2, 2}; }));
}

TEST_F(WorkersTest, MissingClusterDnsIsToldOncePerSandbox) {
  runtime_.add_image("nginx:latest");
  run_.dns.servers.clear();
  make_workers();
  add(kWeb);
  ASSERT_TRUE(phase("web", "Running"));
  runtime_.exit_container(runtime_.container_id("a"), 1);
  workers_->kick(uid_of("web"));
  ASSERT_TRUE(eventually([&] { return stored("web").status.containerStatuses[0].restartCount == 1; }));
  const auto all = events_.all();
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [](const auto& e) { return e.starts_with("MissingClusterDNS: pod: "); }),
            1);
  EXPECT_EQ(std::count(all.begin(), all.end(), "node MissingClusterDNS"), 1);
}

}  // namespace
}  // namespace mizzen::kubelet
