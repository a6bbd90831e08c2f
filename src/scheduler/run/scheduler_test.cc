#include "scheduler/run/scheduler.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "api/schema/core/v1/event.h"
#include "api/schema/core/v1/persistent_volume.h"
#include "api/schema/core/v1/persistent_volume_claim.h"
#include "api/schema/core/v1/service_account.h"
#include "apiserver/loopback/loopback.h"
#include "apiserver/registry/core.h"
#include "auth/authorize/components.h"
#include "codec/json/json_codec.h"
#include "scheduler/testing/objects.h"
#include "store/memory/memory_store.h"

namespace mizzen::scheduler {
namespace {

using api::core::v1::Event;
using api::core::v1::Node;
using api::core::v1::Pod;
using client::Call;

/// The scheduler against the real API server, below HTTP.
class SchedulerTest : public ::testing::Test {
 protected:
  SchedulerTest()
      : core_({store_, real_clock(), secure_random(), resources_}, {}),
        api_({core_, authorizer_}, {"system:kube-scheduler", {"system:masters"}}),
        timers_(pool_, real_clock()) {
    const auto deadline = Deadline::after(std::chrono::seconds(10), real_clock());
    EXPECT_TRUE(core_.start(deadline).ok());
    api::core::v1::ServiceAccount account;
    account.metadata.name = "default";
    account.metadata.namespace_ = "default";
    EXPECT_TRUE(client::create(api_, account, Call()).ok());
    scheduler_.emplace(Scheduler::Deps{api_, {real_clock(), secure_random(), pool_, timers_}});
    EXPECT_TRUE(scheduler_->start(deadline).ok());
  }
  ~SchedulerTest() override {
    scheduler_->stop();
    timers_.stop();
    pool_.stop();
    core_.stop();
  }

  void add_node(const std::string& name, const std::string& json = "{}") {
    const auto node = testing::make_node(name, json);
    const auto r = client::create(api_, *node, Call());
    ASSERT_TRUE(r.ok()) << r.error().message();
    Node with_status = **r;
    with_status.status = node->status;
    ASSERT_TRUE(client::update_status(api_, with_status, Call()).ok());
  }
  void add_pod(const std::string& name, const std::string& spec = "{}") {
    Pod pod = *testing::make_pod(name, spec);
    pod.metadata.uid.clear();
    for (auto& c : pod.spec.containers) c.image = "img";
    const auto r = client::create(api_, pod, Call());
    ASSERT_TRUE(r.ok()) << r.error().message();
  }
  /// The pod once `done` says so, or as it is after ten seconds.
  std::shared_ptr<const Pod> wait(const std::string& name, const std::function<bool(const Pod&)>& done) {
    const auto deadline = Deadline::after(std::chrono::seconds(10), real_clock());
    for (;;) {
      auto pod = client::get<Pod>(api_, "default", name, Call());
      if (!pod.ok()) return nullptr;
      if (done(**pod) || deadline.expired()) return *pod;
      (void)StopSource().token().wait_until(Deadline::after(std::chrono::milliseconds(10), real_clock()));
    }
  }
  std::shared_ptr<const Pod> wait_bound(const std::string& name) {
    return wait(name, [](const Pod& p) { return !p.spec.nodeName.empty(); });
  }
  static std::string why(const Pod& pod) {
    for (const auto& c : pod.status.conditions)
      if (c.type == "PodScheduled") return c.status + " " + c.reason + " " + c.message;
    return "";
  }
  bool has_event(const std::string& reason, const std::string& message) {
    const auto deadline = Deadline::after(std::chrono::seconds(5), real_clock());
    while (!deadline.expired()) {
      const auto events = api_.list(api::resource_of<Event>(), {}, Call());
      if (!events.ok()) return false;
      for (const auto& object : events->items) {
        const Event& e = *object.as<Event>();
        if (e.reason == reason && e.message == message && e.source.component == "default-scheduler")
          return true;
      }
      (void)StopSource().token().wait_until(Deadline::after(std::chrono::milliseconds(10), real_clock()));
    }
    return false;
  }

  store::MemoryStore store_{{.clock = real_clock()}};
  api::ResourceCatalog resources_{api::builtin()};
  apiserver::Core core_;
  auth::ComponentAuthorizer authorizer_;
  apiserver::Loopback api_;
  ThreadPool pool_{real_clock(), {"test", 4}};
  Timers timers_;
  std::optional<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, PodsGetNodesEventsAndConditions) {
  add_pod("early");
  const auto waiting = wait("early", [](const Pod& p) { return why(p).starts_with("False"); });
  EXPECT_EQ(why(*waiting), "False Unschedulable no nodes available to schedule pods");
  EXPECT_TRUE(has_event("FailedScheduling", "no nodes available to schedule pods"));
  add_node("n1");
  EXPECT_EQ(wait_bound("early")->spec.nodeName, "n1") << "a new node wakes waiting pods";
  EXPECT_TRUE(has_event("Scheduled", "Successfully assigned default/early to n1"));
}

TEST_F(SchedulerTest, RoomIsNeverPromisedTwice) {
  add_node("n1");
  add_node("n2");
  const char* one_cpu = R"({"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]})";
  for (int i = 0; i < 9; ++i) add_pod("p" + std::to_string(i), one_cpu);
  const auto settled = [](const Pod& p) { return !p.spec.nodeName.empty() || why(p).starts_with("False"); };
  std::map<std::string, int> on;
  std::string left_out;
  for (int i = 0; i < 9; ++i) {
    const auto pod = wait("p" + std::to_string(i), settled);
    ++on[pod->spec.nodeName];
    if (pod->spec.nodeName.empty()) left_out = pod->metadata.name;
  }
  EXPECT_EQ(on, (std::map<std::string, int>{{"", 1}, {"n1", 4}, {"n2", 4}}));
  ASSERT_FALSE(left_out.empty());
  EXPECT_EQ(why(*wait(left_out, settled)),
            "False Unschedulable 0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, "
            "preemption: 0/2 nodes are available: "
            "2 No preemption victims found for incoming pod.");
  const std::string victim = left_out == "p0" ? "p1" : "p0";
  meta::v1::DeleteOptions now;
  now.gracePeriodSeconds = 0;
  ASSERT_TRUE(api_.remove(api::resource_of<Pod>(), "default", victim, now, Call()).ok());
  EXPECT_NE(wait_bound(left_out)->spec.nodeName, "") << "the room of a deleted pod is used";
}

TEST_F(SchedulerTest, AClaimThatIsBoundWakesItsPod) {
  add_node("n1");
  add_pod("p", R"({"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}]})");
  const std::string missing = R"(0/1 nodes are available: persistentvolumeclaim "c" not found. not found)";
  const auto waiting = wait("p", [&](const Pod& p) { return why(p).find(missing) != std::string::npos; });
  EXPECT_EQ(why(*waiting), "False Unschedulable " + missing);
  EXPECT_TRUE(has_event("FailedScheduling", missing));
  api::core::v1::PersistentVolume volume = *codec::from_json<api::core::v1::PersistentVolume>(
      R"({"metadata":{"name":"v"},"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],)"
      R"("hostPath":{"path":"/x"}}})");
  ASSERT_TRUE(client::create(api_, volume, Call()).ok());
  api::core::v1::PersistentVolumeClaim claim = *codec::from_json<api::core::v1::PersistentVolumeClaim>(
      R"({"metadata":{"name":"c","namespace":"default","annotations":{"pv.kubernetes.io/bind-completed":"yes"}},)"
      R"("spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}},"volumeName":"v"}})");
  ASSERT_TRUE(client::create(api_, claim, Call()).ok());
  EXPECT_EQ(wait_bound("p")->spec.nodeName, "n1");
}

TEST_F(SchedulerTest, TaintsGoneAndGatesLiftedWakePods) {
  add_node("n1", R"({"spec":{"taints":[{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]}})");
  add_pod("p");
  add_pod("gated", R"({"schedulingGates":[{"name":"example.com/g"}]})");
  add_pod("other", R"({"schedulerName":"someone-else"})");
  // Which of the two the scheduler sees first, pod or node, is open: the last word counts.
  const auto waiting = wait("p", [](const Pod& p) { return why(p).find("0/1 nodes") != std::string::npos; });
  EXPECT_NE(why(*waiting).find("1 node(s) had untolerated taint(s)."), std::string::npos) << why(*waiting);
  ASSERT_TRUE(api_.patch(api::resource_of<Node>(), "", "n1", client::PatchType::Merge,
                         R"({"spec":{"taints":null}})", {}, Call())
                  .ok());
  EXPECT_EQ(wait_bound("p")->spec.nodeName, "n1");
  ASSERT_TRUE(api_.patch(api::resource_of<Pod>(), "default", "gated", client::PatchType::Merge,
                         R"({"spec":{"schedulingGates":null}})", {}, Call())
                  .ok());
  EXPECT_EQ(wait_bound("gated")->spec.nodeName, "n1");
  EXPECT_EQ((*client::get<Pod>(api_, "default", "other", Call()))->spec.nodeName, "");
}

}  // namespace
}  // namespace mizzen::scheduler
