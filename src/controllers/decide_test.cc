// The pure decisions of the smaller controllers, as tables.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controllers/nodes/lifecycle/decide.h"
#include "controllers/objects/garbage/graph.h"
#include "controllers/services/endpoints/decide.h"
#include "controllers/services/kubernetes/decide.h"
#include "controllers/workloads/replica/decide.h"

namespace mizzen::controllers {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

struct PodShape {
  std::string name, node, phase = "Running";
  bool ready = true;
  int64_t ready_since = 1'699'999'000;
  int cost = 0, restarts = 0;
  int64_t created = 1'699'990'000;
  bool deleting = false;
  std::string owner;
};

PodPtr pod(const PodShape& shape) {
  auto p = std::make_shared<Pod>();
  p->metadata.name = shape.name;
  p->metadata.namespace_ = "ns";
  p->metadata.uid = "uid-" + shape.name;
  p->metadata.labels.set("app", "a");
  p->metadata.creationTimestamp = codec::Time{shape.created, 0};
  if (shape.deleting) p->metadata.deletionTimestamp = codec::Time{shape.created + 1, 0};
  if (shape.cost)
    p->metadata.annotations.set("controller.kubernetes.io/pod-deletion-cost", std::to_string(shape.cost));
  if (!shape.owner.empty()) {
    auto& owner = p->metadata.ownerReferences.emplace_back();
    owner.uid = shape.owner;
    owner.controller = true;
  }
  p->spec.nodeName = shape.node;
  p->status.phase = shape.phase;
  if (shape.ready && shape.phase == "Running") {
    auto& c = p->status.conditions.emplace_back();
    c.type = "Ready";
    c.status = "True";
    c.lastTransitionTime = codec::Time{shape.ready_since, 0};
  }
  p->status.containerStatuses.emplace_back().restartCount = shape.restarts;
  return p;
}

replica::Desired desired(int32_t replicas) {
  replica::Desired d;
  d.uid = "me";
  d.replicas = replicas;
  codec::Map<std::string> labels;
  labels.set("app", "a");
  d.selector = machinery::LabelSelector::from_pairs(labels);
  d.template_labels = labels;
  return d;
}

TEST(ReplicaDecide, TheLeastWantedPodGoes) {
  struct Row {
    const char* why;
    PodShape goes, stays;
  };
  const Row rows[] = {
      {"without a node", {.name = "a", .node = ""}, {.name = "b", .node = "n"}},
      {"pending", {.name = "a", .node = "n", .phase = "Pending"}, {.name = "b", .node = "n"}},
      {"unknown before running",
       {.name = "a", .node = "n", .phase = "Unknown"},
       {.name = "b", .node = "n", .ready = false}},
      {"not ready", {.name = "a", .node = "n", .ready = false}, {.name = "b", .node = "n"}},
      {"cheaper", {.name = "a", .node = "n", .cost = -5}, {.name = "b", .node = "n", .cost = 5}},
      {"ready for less long",
       {.name = "a", .node = "n", .ready_since = 1'699'999'500},
       {.name = "b", .node = "n"}},
      {"restarted more", {.name = "a", .node = "n", .restarts = 3}, {.name = "b", .node = "n"}},
      {"younger", {.name = "a", .node = "n", .created = 1'699'995'000}, {.name = "b", .node = "n"}},
  };
  for (const Row& row : rows)
    for (const bool swapped : {false, true}) {
      std::vector<PodPtr> pods{pod(row.goes), pod(row.stays)};
      if (swapped) std::swap(pods[0], pods[1]);
      const auto plan = replica::plan(desired(1), pods, kNow);
      ASSERT_EQ(plan.remove.size(), 1u);
      EXPECT_EQ(plan.remove[0]->metadata.name, "a") << row.why;
    }
  const std::vector<PodPtr> crowd{pod({.name = "x", .node = "m"}), pod({.name = "y", .node = "n"}),
                                  pod({.name = "z", .node = "n"})};
  EXPECT_EQ(replica::plan(desired(2), crowd, kNow).remove[0]->spec.nodeName, "n") << "from the fuller node";
}

TEST(ReplicaDecide, FinishedAndTerminatingPodsDoNotCount) {
  const std::vector<PodPtr> pods{pod({.name = "a", .node = "n"}),
                                 pod({.name = "b", .node = "n", .phase = "Failed"}),
                                 pod({.name = "c", .node = "n", .deleting = true}),
                                 pod({.name = "d", .node = "n", .phase = "Succeeded"})};
  EXPECT_EQ(replica::plan(desired(3), pods, kNow).create, 2);
  EXPECT_EQ(replica::plan(desired(2000), {}, kNow).create, replica::kBurstMax);
  auto going = desired(3);
  going.deleting = true;
  EXPECT_EQ(replica::plan(going, {}, kNow).create, 0);
  const auto counts = replica::count(desired(3), pods, kNow);
  EXPECT_EQ(counts.replicas, 1);
  EXPECT_EQ(counts.terminating, 1);
}

TEST(ReplicaDecide, ClaimsMatchingOrphansAndReleasesStrays) {
  auto stray = std::make_shared<Pod>(*pod({.name = "stray", .owner = "me"}));
  stray->metadata.labels.set("app", "b");
  const std::vector<PodPtr> pods{pod({.name = "mine", .owner = "me"}), pod({.name = "orphan"}), stray,
                                 pod({.name = "other", .owner = "you"}),
                                 pod({.name = "gone", .deleting = true})};
  const auto claim = replica::claim(desired(1), pods);
  ASSERT_EQ(claim.owned.size(), 1u);
  EXPECT_EQ(claim.owned[0]->metadata.name, "mine");
  ASSERT_EQ(claim.adopt.size(), 1u);
  EXPECT_EQ(claim.adopt[0]->metadata.name, "orphan");
  ASSERT_EQ(claim.release.size(), 1u);
  EXPECT_EQ(claim.release[0]->metadata.name, "stray");
}

TEST(ReplicaDecide, AvailabilityTakesMinReadySeconds) {
  auto d = desired(2);
  d.min_ready_seconds = 60;
  const int64_t now = 1'700'000'000;
  const auto counts = replica::count(d,
                                     {pod({.name = "a", .node = "n", .ready_since = now - 61}),
                                      pod({.name = "b", .node = "n", .ready_since = now - 20})},
                                     kNow);
  EXPECT_EQ(counts.ready, 2);
  EXPECT_EQ(counts.available, 1);
  EXPECT_EQ(counts.again, std::chrono::seconds(40));
}

endpoints::Service service() {
  endpoints::Service s;
  s.metadata.name = "web";
  s.metadata.namespace_ = "ns";
  s.spec.clusterIP = "10.96.0.9";
  auto& port = s.spec.ports.emplace_back();
  port.name = "http";
  port.port = 80;
  port.protocol = "TCP";
  port.targetPort = codec::IntOrString("web");
  return s;
}
PodPtr backend(int i, bool ready = true, bool deleting = false, int32_t port = 8080) {
  auto p = std::make_shared<Pod>(
      *pod({.name = fmt::format("p{:03}", i), .node = "n", .ready = ready, .deleting = deleting}));
  p->status.podIP = fmt::format("10.0.{}.{}", i / 200, i % 200 + 1);
  auto& container = p->spec.containers.emplace_back();
  auto& named = container.ports.emplace_back();
  named.name = "web";
  named.containerPort = port;
  named.protocol = "TCP";
  return p;
}

TEST(EndpointsDecide, ReadyAndUnreadyAddresses) {
  const auto out = endpoints::desired_endpoints(
      service(), {backend(2), backend(1), backend(3, false), backend(4, true, true)}, {});
  ASSERT_EQ(out.subsets.size(), 1u);
  ASSERT_EQ(out.subsets[0].addresses.size(), 2u);
  EXPECT_EQ(out.subsets[0].addresses[0].ip, "10.0.0.2");
  EXPECT_EQ(out.subsets[0].addresses[0].targetRef->name, "p001");
  ASSERT_EQ(out.subsets[0].notReadyAddresses.size(), 1u);
  EXPECT_EQ(out.subsets[0].ports[0].port, 8080);
  auto open = service();
  open.spec.publishNotReadyAddresses = true;
  EXPECT_EQ(endpoints::desired_endpoints(open, {backend(3, false)}, {}).subsets[0].addresses.size(), 1u);
  EXPECT_EQ(
      endpoints::desired_endpoints(service(), {backend(1), backend(2, true, false, 9090)}, {}).subsets.size(),
      2u)
      << "a named port may have different numbers";
}

TEST(EndpointsDecide, SlicesAreCutReusedAndRemoved) {
  std::vector<PodPtr> pods;
  for (int i = 0; i < 250; ++i) pods.push_back(backend(i));
  const auto first = endpoints::plan_slices(service(), pods, {});
  ASSERT_EQ(first.create.size(), 3u);
  EXPECT_EQ(first.create[0].endpoints.size(), endpoints::kSliceMax);
  EXPECT_EQ(first.create[2].endpoints.size(), 50u);
  std::vector<endpoints::EndpointSlice> present = first.create;
  const auto same = endpoints::plan_slices(service(), pods, present);
  EXPECT_TRUE(same.create.empty() && same.update.empty() && same.remove.empty());
  pods.resize(90);
  const auto fewer = endpoints::plan_slices(service(), pods, present);
  EXPECT_EQ(fewer.update.size(), 1u);
  EXPECT_EQ(fewer.remove.size(), 2u);
  const auto none = endpoints::plan_slices(service(), {}, {});
  ASSERT_EQ(none.create.size(), 1u);
  EXPECT_TRUE(none.create[0].endpoints.empty());
  const auto leaving = endpoints::plan_slices(service(), {backend(1, true, true)}, {});
  const auto& conditions = leaving.create[0].endpoints[0].conditions;
  EXPECT_FALSE(*conditions.ready);
  EXPECT_TRUE(*conditions.serving);
  EXPECT_TRUE(*conditions.terminating);
}

nodes::Node node(std::initializer_list<std::pair<const char*, const char*>> conditions) {
  nodes::Node n;
  n.metadata.name = "n";
  for (const auto& [type, status] : conditions) {
    auto& c = n.status.conditions.emplace_back();
    c.type = type;
    c.status = status;
  }
  return n;
}

TEST(NodesDecide, ASilentNodeBecomesUnknown) {
  const auto n = node({{"Ready", "True"}, {"MemoryPressure", "False"}, {"DiskPressure", "False"}});
  EXPECT_FALSE(nodes::judged_status(n, nodes::kGracePeriod - Duration(1), kNow));
  const auto judged = nodes::judged_status(n, nodes::kGracePeriod, kNow);
  ASSERT_TRUE(judged);
  ASSERT_EQ(judged->status.conditions.size(), 4u);
  EXPECT_EQ(judged->status.conditions[0].reason, "NodeStatusUnknown");
  EXPECT_EQ(judged->status.conditions[3].reason, "NodeStatusNeverUpdated");
  for (const auto& c : judged->status.conditions) EXPECT_EQ(c.status, "Unknown");
  EXPECT_FALSE(nodes::judged_status(*judged, std::chrono::hours(1), kNow)) << "told once";
}

TEST(NodesDecide, TaintsFollowConditions) {
  struct Row {
    std::initializer_list<std::pair<const char*, const char*>> conditions;
    bool unschedulable;
    std::string taints;
  };
  const Row rows[] = {
      {{{"Ready", "True"}}, false, ""},
      {{{"Ready", "False"}},
       false,
       "node.kubernetes.io/not-ready:NoSchedule node.kubernetes.io/not-ready:NoExecute "},
      {{{"Ready", "Unknown"}},
       false,
       "node.kubernetes.io/unreachable:NoSchedule node.kubernetes.io/unreachable:NoExecute "},
      {{{"Ready", "True"}, {"DiskPressure", "True"}}, false, "node.kubernetes.io/disk-pressure:NoSchedule "},
      {{{"Ready", "True"}}, true, "node.kubernetes.io/unschedulable:NoSchedule "},
  };
  for (const Row& row : rows) {
    auto n = node(row.conditions);
    n.spec.unschedulable = row.unschedulable;
    auto& mine = n.spec.taints.emplace_back();
    mine.key = "example.com/mine";
    mine.effect = "NoSchedule";
    const auto judged = nodes::judged_taints(n, kNow);
    std::string text;
    for (const auto& t : (judged ? *judged : n).spec.taints)
      if (t.key != "example.com/mine") text += t.key + ":" + t.effect + " ";
    EXPECT_EQ(text, row.taints);
    EXPECT_EQ(judged.has_value(), !row.taints.empty());
    if (judged) EXPECT_FALSE(nodes::judged_taints(*judged, kNow)) << "at rest";
  }
  auto well = *nodes::judged_taints(node({{"Ready", "False"}}), kNow);
  well.status.conditions[0].status = "True";
  EXPECT_TRUE(nodes::judged_taints(well, kNow)->spec.taints.empty());
}

TEST(KubernetesServiceDecide, PointsAtTheApiAndThenRests) {
  const ApiAddress at{"192.0.2.7", 7443, "10.96.0.1"};
  const auto service = kubernetes_service::wanted_service(at);
  EXPECT_EQ(service.spec.clusterIP, "10.96.0.1");
  EXPECT_EQ(service.spec.ports.at(0).port, 443);
  EXPECT_EQ(service.spec.ports.at(0).targetPort.str(), "7443");
  const auto endpoints = kubernetes_service::corrected(kubernetes_service::Endpoints(), at);
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(endpoints->subsets.at(0).addresses.at(0).ip, "192.0.2.7");
  EXPECT_FALSE(kubernetes_service::corrected(*endpoints, at));
  const auto slice = kubernetes_service::corrected(kubernetes_service::EndpointSlice(), at);
  ASSERT_TRUE(slice);
  EXPECT_EQ(slice->metadata.labels.get("kubernetes.io/service-name"), "kubernetes");
  EXPECT_FALSE(kubernetes_service::corrected(*slice, at));
  EXPECT_EQ(kubernetes_service::corrected(*slice, {"192.0.2.8", 7443, ""})->endpoints.at(0).addresses.at(0),
            "192.0.2.8");
}

TEST(GarbageGraph, TouchesWhoIsConcerned) {
  garbage::Graph graph;
  const auto owned = [](const std::string& uid, std::initializer_list<const char*> owners) {
    garbage::Node n;
    n.uid = uid;
    for (const char* o : owners) n.owners.emplace_back().uid = o;
    return n;
  };
  EXPECT_EQ(graph.put(owned("child", {"parent"})), (std::set<std::string>{"child", "parent"}));
  EXPECT_EQ(graph.put(owned("child", {"parent"})), std::set<std::string>()) << "a heartbeat";
  EXPECT_EQ(graph.dependents("parent").size(), 1u) << "also of an owner that was not seen";
  EXPECT_EQ(graph.put(owned("parent", {})), (std::set<std::string>{"parent"}));
  auto going = owned("parent", {});
  going.deleting = true;
  EXPECT_EQ(graph.put(going), (std::set<std::string>{"parent", "child"}));
  EXPECT_EQ(graph.put(owned("child", {"other"})), (std::set<std::string>{"child", "parent", "other"}));
  EXPECT_TRUE(graph.dependents("parent").empty());
  EXPECT_EQ(graph.remove("other"), (std::set<std::string>{"child"}));
  EXPECT_EQ(graph.remove("child"), (std::set<std::string>{"other"}));
  EXPECT_EQ(graph.find("child"), nullptr);
}

}  // namespace
}  // namespace mizzen::controllers
