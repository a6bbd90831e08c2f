#include "kubelet/decide/node_room.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::kubelet {
namespace {

Pod pod(const std::string& spec, const std::string& annotations = "{}") {
  return *codec::from_json<Pod>(
      fmt::format(R"({{"metadata":{{"name":"p","annotations":{}}},"spec":{}}})", annotations, spec));
}
std::string asking(const std::string& requests) {
  return R"({"containers":[{"name":"c","resources":{"requests":)" + requests + "}}]}";
}

class MisfitTest : public ::testing::Test {
 protected:
  MisfitTest() {
    auto node = codec::from_json<api::core::v1::Node>(
        R"({"metadata":{"name":"n1","labels":{"zone":"a"}},
            "spec":{"taints":[{"key":"gone","effect":"NoExecute"},{"key":"full","effect":"NoSchedule"}]},
            "status":{"allocatable":{"cpu":"99","memory":"1","example.com/gpu":"1","pods":"1"}}})");
    room_ = node_room(std::make_shared<const api::core::v1::Node>(*node),
                      {{"cpu", codec::Quantity::of(3)}, {"memory", codec::Quantity::of(1000)}}, 3);
    room_.take(pod(R"({"containers":[{"name":"c","ports":[{"hostPort":80,"containerPort":80}],
                      "resources":{"requests":{"cpu":"2"}}}]})"));
  }
  std::string why(const Pod& p) {
    const auto refused = misfit_of(p, room_);
    return refused ? refused->reason + ": " + refused->message : "";
  }
  /// Tolerates what the node drives others away with.
  static std::string settled(std::string spec) {
    spec.pop_back();
    return spec + R"(,"tolerations":[{"key":"gone","operator":"Exists"}]})";
  }
  NodeRoom room_;
};

TEST_F(MisfitTest, WhatTheNodeHasIsWhatItsAgentSaysAndWhatOthersPutOnIt) {
  EXPECT_EQ(room_.allocatable->milli_cpu, 3000);
  EXPECT_EQ(room_.allocatable->memory, 1000);
  EXPECT_EQ(room_.allocatable->other("example.com/gpu"), 1);
}

TEST_F(MisfitTest, RequestsAreRefusedInUpstreamsWords) {
  EXPECT_EQ(why(pod(settled(asking(R"({"cpu":"1"})")))), "");
  EXPECT_EQ(why(pod(asking(R"({"cpu":"1001m"})"))),
            "OutOfcpu: Node didn't have enough resource: cpu, requested: 1001, used: 2000, capacity: 3000");
  EXPECT_EQ(
      why(pod(asking(R"({"memory":"1001"})"))),
      "OutOfmemory: Node didn't have enough resource: memory, requested: 1001, used: 0, capacity: 1000");
  EXPECT_EQ(
      why(pod(asking(R"({"ephemeral-storage":"1"})"))),
      "OutOfephemeral-storage: Node didn't have enough resource: ephemeral-storage, requested: 1, used: 0, "
      "capacity: 0");
  EXPECT_EQ(why(pod(asking(R"({"example.com/gpu":"2"})"))),
            "OutOfexample.com/gpu: Node didn't have enough resource: example.com/gpu, requested: 2, used: 0, "
            "capacity: 1");
  EXPECT_EQ(why(pod(settled(asking(R"({"example.com/other":"2"})")))), "") << "not the node's to give";
  room_.take(pod(asking("{}")));
  room_.take(pod(asking("{}")));
  EXPECT_EQ(why(pod(settled(asking("{}")))),
            "OutOfpods: Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3");
}

TEST_F(MisfitTest, LabelsPortsAndTaintsAreLookedAtOnceMore) {
  EXPECT_EQ(why(pod(R"({"containers":[{"name":"c"}],"nodeSelector":{"zone":"b"}})")),
            "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector");
  EXPECT_EQ(why(pod(settled(R"({"containers":[{"name":"c"}],"nodeSelector":{"zone":"a"}})"))), "");
  EXPECT_EQ(
      why(pod(R"({"containers":[{"name":"c","ports":[{"hostPort":80,"containerPort":8}]}]})")),
      "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports");
  EXPECT_EQ(why(pod(asking("{}"))),
            "TaintToleration: Predicate TaintToleration failed: node(s) had untolerated taint(s)");
  EXPECT_EQ(why(pod(asking("{}"), R"({"kubernetes.io/config.source":"file"})")), "") << "a static pod";
}

TEST(NodeRoom, WhatIsNotKnownYetRefusesNobody) {
  NodeRoom room = node_room(nullptr, {}, 1);
  EXPECT_FALSE(misfit_of(pod(asking(R"({"cpu":"9"})")), room));
  room.take(pod(asking("{}")));
  EXPECT_EQ(misfit_of(pod(asking("{}")), room)->reason, "OutOfpods");
}

}  // namespace
}  // namespace mizzen::kubelet
