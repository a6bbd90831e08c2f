// The pure parts of the kubelet: what to do, what to tell, how names and resources turn out.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json/json_codec.h"
#include "kubelet/config/cri_config.h"
#include "kubelet/decide/backoff.h"
#include "kubelet/decide/pod_actions.h"
#include "kubelet/images/image_puller.h"
#include "kubelet/node/node_status.h"
#include "kubelet/status/status_build.h"

namespace mizzen::kubelet {
namespace {

using State = ContainerRecord::State;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

Pod pod_of(const std::string& json) {
  auto out = codec::from_json<Pod>(json);
  EXPECT_TRUE(out.ok()) << out.error().message();
  out->metadata.uid = "u1";
  out->metadata.namespace_ = "default";
  if (out->spec.restartPolicy.empty()) out->spec.restartPolicy = "Always";
  return std::move(*out);
}

Pod two_containers() {
  return pod_of(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"i"},{"name":"b","image":"i"}]}})");
}

/// Builds what the runtime has, newest last; ids are c1, c2 ...
class World {
 public:
  explicit World(const Pod& pod) : pod_(pod) { state.uid = pod.metadata.uid; }
  World& sandbox(bool ready = true) {
    SandboxRecord s;
    s.id = fmt::format("s{}", state.sandboxes.size() + 1);
    s.ready = ready;
    s.attempt = static_cast<uint32_t>(state.sandboxes.size());
    s.ips = ready ? std::vector<std::string>{"10.42.0.5"} : std::vector<std::string>{};
    state.sandboxes.insert(state.sandboxes.begin(), s);
    return *this;
  }
  World& container(const std::string& name, State now, int32_t code = 0) {
    ContainerRecord c;
    c.id = fmt::format("c{}", state.containers.size() + 1);
    c.name = name;
    c.sandbox_id = state.sandboxes.front().id;
    c.state = now;
    c.exit_code = code;
    c.reason = now == State::Exited ? (code == 0 ? "Completed" : "Error") : "";
    c.started = codec::Time{100, 0};
    c.finished = now == State::Exited ? codec::Time{200, 0} : codec::Time{};
    if (const auto* declared = find_container(pod_, name)) c.hash = container_hash(*declared);
    for (const auto& older : state.containers) c.restart_count += older.name == name;
    state.containers.insert(state.containers.begin(), c);
    return *this;
  }
  RuntimePod state;

 private:
  const Pod& pod_;
};

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

TEST(Backoff, DoublesUpToTheMaximumAndForgetsAfterALongTime) {
  ManualClock clock;
  Backoff b(clock, {});
  b.next("k", clock.monotonic());
  EXPECT_TRUE(b.in_backoff("k", clock.monotonic()));
  clock.advance(seconds(10));
  EXPECT_FALSE(b.in_backoff("k", clock.monotonic() - seconds(10)));
  for (int i = 0; i < 10; ++i) b.next("k", clock.monotonic());
  EXPECT_EQ(b.pause("k"), seconds(300));
  clock.advance(seconds(601));
  b.next("k", clock.monotonic());
  EXPECT_EQ(b.pause("k"), seconds(10));
}

TEST(Expansion, FollowsUpstreamsRules) {
  const std::string value = "v";
  const auto lookup = [&](const std::string& name) { return name == "A" ? &value : nullptr; };
  EXPECT_EQ(expand("$(A)-$(B)-$$(A)-$A-$", lookup), "v-$(B)-$(A)-$A-$");
  EXPECT_EQ(expand("$(A", lookup), "$(A");
  EXPECT_EQ(expand("$$$(A)", lookup), "$v");
}

class NoObjects final : public volumes::ObjectSource {
 public:
  Result<std::shared_ptr<const api::core::v1::ConfigMap>> config_map(const std::string&,
                                                                     const std::string& name) override {
    if (name != "cm") return Error(Code::NotFound, fmt::format("configmap \"{}\" not found", name));
    auto out = std::make_shared<api::core::v1::ConfigMap>();
    out->data.set("key", "value");
    out->data.set("1bad", "kept");
    return std::shared_ptr<const api::core::v1::ConfigMap>(std::move(out));
  }
  Result<std::shared_ptr<const api::core::v1::Secret>> secret(const std::string&,
                                                              const std::string& name) override {
    return Error(Code::NotFound, fmt::format("secret \"{}\" not found", name));
  }
};

TEST(Environment, LaterSourcesWinAndReferencesSeeEarlierOnes) {
  auto pod =
      pod_of(R"json({"metadata":{"name":"p","labels":{"x":"y"}},"spec":{"containers":[{"name":"a","image":"i",
    "envFrom":[{"prefix":"P_","configMapRef":{"name":"cm"}}],
    "env":[{"name":"ONE","value":"1"},{"name":"TWO","value":"$(ONE)$(P_key)$(LATER)"},{"name":"LATER","value":"l"},
           {"name":"NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
           {"name":"KEY","valueFrom":{"configMapKeyRef":{"name":"cm","key":"key"}}},
           {"name":"GONE","valueFrom":{"configMapKeyRef":{"name":"no","key":"key","optional":true}}}]}]}})json");
  auto service = std::make_shared<api::core::v1::Service>();
  service->metadata.name = "redis-main";
  service->metadata.namespace_ = "default";
  service->spec.clusterIP = "10.96.0.7";
  auto& port = service->spec.ports.emplace_back();
  port.port = 6379;
  port.protocol = "TCP";
  NoObjects objects;
  volumes::Allocatable allocatable;
  const Services services{service};
  const auto env = make_environment({pod, pod.spec.containers[0], objects, services, allocatable});
  ASSERT_TRUE(env.ok()) << env.error().message();
  EXPECT_THAT(env->variables, Contains(Pair("TWO", "1value$(LATER)")));
  EXPECT_THAT(env->variables, Contains(Pair("P_1bad", "kept")));
  EXPECT_THAT(env->variables, Contains(Pair("NAME", "p")));
  EXPECT_THAT(env->variables, Contains(Pair("REDIS_MAIN_PORT_6379_TCP", "tcp://10.96.0.7:6379")));
  EXPECT_THAT(env->variables, Contains(Pair("REDIS_MAIN_SERVICE_HOST", "10.96.0.7")));
  for (const auto& [name, value] : env->variables) EXPECT_NE(name, "GONE");
  EXPECT_THAT(env->skipped, IsEmpty());
  pod.spec.containers[0].envFrom[0].prefix.clear();
  const auto strict = make_environment({pod, pod.spec.containers[0], objects, services, allocatable, false});
  EXPECT_THAT(strict->variables, Not(Contains(Pair("1bad", "kept"))));
  EXPECT_THAT(
      strict->skipped,
      ElementsAre("Keys [1bad] from the EnvFrom configMap default/cm were skipped since they are considered "
                  "invalid environment variable names."));
  EXPECT_THAT(make_environment({pod, pod.spec.containers[0], objects, services, allocatable})->variables,
              Contains(Pair("1bad", "kept")));

  pod.spec.containers[0].env[5].valueFrom->configMapKeyRef->optional = false;
  EXPECT_EQ(make_environment({pod, pod.spec.containers[0], objects, services, allocatable}).error().message(),
            "configmap \"no\" not found");
  pod.spec.containers[0].env[5].valueFrom->configMapKeyRef->localObjectReference.name = "cm";
  pod.spec.containers[0].env[5].valueFrom->configMapKeyRef->key = "none";
  EXPECT_EQ(make_environment({pod, pod.spec.containers[0], objects, services, allocatable}).error().message(),
            "couldn't find key none in ConfigMap default/cm");
}

TEST(NameResolution, ClusterFirstPutsTheClusterBeforeTheHost) {
  const auto host = parse_resolv_conf("# c\nnameserver 8.8.8.8\nsearch example.com .\noptions timeout:2\n");
  auto pod = two_containers();
  auto dns = pod_dns(pod, {{"10.96.0.10"}, "kube.local"}, host);
  EXPECT_THAT(dns.conf.servers, ElementsAre("10.96.0.10"));
  EXPECT_THAT(dns.conf.searches,
              ElementsAre("default.svc.kube.local", "svc.kube.local", "kube.local", "example.com"));
  EXPECT_THAT(dns.conf.options, ElementsAre("ndots:5"));
  EXPECT_TRUE(pod_dns(pod, {}, host).missing_cluster_dns);
  EXPECT_THAT(pod_dns(pod, {}, host).conf.servers, ElementsAre("8.8.8.8"));
  pod.spec.dnsPolicy = "None";
  pod.spec.dnsConfig.ensure().nameservers = {"1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"};
  dns = pod_dns(pod, {}, host);
  EXPECT_EQ(dns.conf.servers.size(), 3u);
  EXPECT_EQ(dns.forming_problems.size(), 1u);
}

TEST(NameResolution, HostsFileNamesThePodAndItsAliases) {
  auto pod = two_containers();
  pod.spec.subdomain = "sub";
  pod.spec.hostAliases.emplace_back().ip = "1.2.3.4";
  pod.spec.hostAliases[0].hostnames = {"foo", "bar"};
  const auto text = hosts_file(pod, {"10.42.0.5"}, "cluster.local", "");
  EXPECT_THAT(text, HasSubstr("10.42.0.5\tweb.sub.default.svc.cluster.local\tweb\n"));
  EXPECT_THAT(text, HasSubstr("\n# Entries added by HostAliases.\n1.2.3.4\tfoo\tbar\n"));
}

TEST(Resources, BecomeKernelNumbersAsUpstream) {
  auto pod = pod_of(R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i",
    "resources":{"requests":{"cpu":"250m","memory":"64Mi"},"limits":{"cpu":"500m","memory":"128Mi"}}}]}})");
  const auto r = kernel_resources(pod, pod.spec.containers[0], 8ll << 30);
  EXPECT_EQ(r.cpu_shares, 256);
  EXPECT_EQ(r.cpu_quota_us, 50'000);
  EXPECT_EQ(r.memory_limit_bytes, 128ll << 20);
  EXPECT_EQ(r.oom_score_adj, 993);
  EXPECT_EQ(qos_class(pod), "Burstable");
  EXPECT_EQ(pod_cgroup(pod, "/kubepods"), "/kubepods/burstable/podu1");
  pod.spec.containers[0].resources.requests = pod.spec.containers[0].resources.limits;
  EXPECT_EQ(qos_class(pod), "Guaranteed");
  EXPECT_EQ(pod_cgroup(pod, "/kubepods"), "/kubepods/podu1");
  EXPECT_EQ(kernel_resources(pod, pod.spec.containers[0], 8ll << 30).oom_score_adj, -997);
  EXPECT_EQ(*pod_limits(pod).memory_limit_bytes, 128 << 20);
}

TEST(CriConfig, CarriesWhatTheRuntimeMustKnow) {
  auto pod = pod_of(
      R"json({"metadata":{"name":"web","labels":{"app":"x"}},"spec":{"hostname":"other","containers":[{"name":"a","image":"i",
    "command":["run","$(X)"],"ports":[{"containerPort":80,"hostPort":8080,"protocol":"TCP"}],
    "securityContext":{"runAsUser":1000,"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}})json");
  const auto sandbox = sandbox_config({pod, 2, {}, "/logs/x", "/kubepods/besteffort/podu1"});
  EXPECT_EQ(sandbox.hostname, "other");
  EXPECT_EQ(sandbox.metadata->attempt, 2u);
  EXPECT_EQ(sandbox.labels.get(cri::kPodUidLabel), "u1");
  EXPECT_EQ(sandbox.port_mappings.at(0).host_port, 8080);
  EXPECT_EQ(sandbox.linux->security_context->namespace_options->pid, cri::v1::NamespaceMode::CONTAINER)
      << "0 would mean: of the pod";
  const std::vector<Variable> environment{{"X", "y"}};
  const cri::v1::Image image;
  const std::vector<ReadyMount> mounts;
  ContainerConfigInput input{pod, pod.spec.containers[0], 3, "sha256:1", image, environment, mounts, 0, ""};
  auto config = container_config(input);
  ASSERT_TRUE(config.ok());
  EXPECT_THAT(config->command, ElementsAre("run", "y"));
  EXPECT_EQ(config->log_path, "a/3.log");
  EXPECT_EQ(config->annotations.get(kRestartCountAnnotation), "3");
  EXPECT_TRUE(config->linux->security_context->no_new_privs);
  EXPECT_EQ(config->linux->security_context->run_as_user->value, 1000);
  pod.spec.containers[0].securityContext->runAsUser.reset();
  pod.spec.containers[0].securityContext->runAsNonRoot = true;
  EXPECT_THAT(container_config(input).error().message(),
              HasSubstr("container has runAsNonRoot and image will run as root"));
  pod.spec.hostNetwork = true;
  EXPECT_EQ(sandbox_config({pod, 0, {}, "", ""}).hostname, "")
      << "runc refuses a host name on the node's network";
}

TEST(ImageNames, GetTheirTagAndSecretsGoOnlyToTheirRegistry) {
  EXPECT_EQ(with_default_tag("nginx"), "nginx:latest");
  EXPECT_EQ(with_default_tag("10.10.103.215:5000/redis"), "10.10.103.215:5000/redis:latest");
  EXPECT_EQ(with_default_tag("a/b@sha256:00"), "a/b@sha256:00");
  EXPECT_EQ(with_default_tag("Bad Name"), "");
  EXPECT_EQ(with_default_tag("UPPER"), "");
  EXPECT_TRUE(credential_matches("https://index.docker.io/v1/", "nginx"));
  EXPECT_TRUE(credential_matches("quay.io/team", "quay.io/team/app:1"));
  EXPECT_FALSE(credential_matches("quay.io/team", "quay.io/teamx/app:1"));
  EXPECT_FALSE(credential_matches("quay.io", "nginx"));
  EXPECT_FALSE(credential_matches("", "nginx"));
}

TEST(NodeStatus, ReportsReadyAndWhyNot) {
  NodeFacts facts;
  facts.name = facts.hostname = "n1";
  facts.machine.memory_bytes = 8ull << 30;
  facts.machine.cpus = 2;
  facts.machine.huge_pages = {{2 << 20, 512 << 20}, {1 << 30, 0}};
  facts.machine.architecture = "amd64";
  facts.memory_available_bytes = 4ull << 30;
  facts.disk_bytes = facts.disk_available_bytes = 100ull << 30;
  facts.addresses = {"192.0.2.1"};
  Node node;
  fill_node_metadata(node, facts);
  fill_node_status(node, facts, WallTime(seconds(10)));
  EXPECT_EQ(node.metadata.labels.get("kubernetes.io/hostname"), "n1");
  EXPECT_EQ(node.status.conditions.back().type, "Ready");
  EXPECT_EQ(node.status.conditions.back().status, "True");
  EXPECT_EQ(node.status.capacity.get("pods").text(), "110");
  EXPECT_EQ(node.status.capacity.get("hugepages-2Mi").text(), "512Mi");
  EXPECT_EQ(node.status.allocatable.get("hugepages-1Gi").text(), "0");
  EXPECT_EQ(node.status.capacity.get("memory").text(), "8Gi");
  EXPECT_EQ(node.status.allocatable.get("memory").text(), "7580Mi")
      << "less what eviction keeps and huge pages hold";
  Node later = node;
  fill_node_status(later, facts, WallTime(seconds(20)));
  EXPECT_FALSE(node_status_changed(node, later)) << "a heartbeat alone is no change";
  facts.network_problem = "NetworkReady=false reason:x message:y";
  fill_node_status(later, facts, WallTime(seconds(30)));
  EXPECT_TRUE(node_status_changed(node, later));
  EXPECT_EQ(later.status.conditions.back().message,
            "container runtime network not ready: NetworkReady=false reason:x message:y");
}

TEST(PodFacts, AddressesAreKnownBeforeTheFirstStatus) {
  Pod pod;
  const auto own = addressed(pod, {"192.0.2.1", "192.0.2.2"}, {"10.0.0.5"});
  EXPECT_EQ(own.status.hostIP, "192.0.2.1");
  EXPECT_EQ(own.status.hostIPs.size(), 2u);
  EXPECT_EQ(own.status.podIP, "10.0.0.5");
  pod.spec.hostNetwork = true;
  const auto host = addressed(pod, {"192.0.2.1"}, {});
  EXPECT_EQ(host.status.podIP, "192.0.2.1");
  ASSERT_EQ(host.status.podIPs.size(), 1u);
  pod.spec.hostNetwork = false;
  EXPECT_EQ(addressed(pod, {"192.0.2.1"}, {}).status.podIP, "");
}

TEST(PodFacts, SidecarsStopAfterWhatTheyServe) {
  Pod pod;
  for (const char* name : {"setup", "first", "second"}) {
    pod.spec.initContainers.emplace_back().name = name;
    if (name != std::string("setup")) pod.spec.initContainers.back().restartPolicy = "Always";
  }
  for (const char* name : {"a", "b"}) pod.spec.containers.emplace_back().name = name;
  EXPECT_TRUE(stops_before(pod, "a", "second"));
  EXPECT_TRUE(stops_before(pod, "b", "first"));
  EXPECT_TRUE(stops_before(pod, "second", "first"));
  EXPECT_TRUE(stops_before(pod, "setup", "second"));
  EXPECT_FALSE(stops_before(pod, "first", "second"));
  EXPECT_FALSE(stops_before(pod, "first", "a"));
  EXPECT_FALSE(stops_before(pod, "a", "b"));
  EXPECT_FALSE(stops_before(pod, "b", "a"));
}

}  // namespace
}  // namespace mizzen::kubelet
