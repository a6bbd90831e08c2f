#include "kubelet/node/node_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "client/testing/fake_api.h"
#include "kubelet/testing/test_node.h"

namespace mizzen::kubelet {
namespace {

using api::coordination::v1::Lease;
using client::testing::FakeApi;
using ::testing::Contains;
using testing::RecordedEvents;

TEST(NodeManagerTest, RegistersReportsReadyAndHoldsTheLease) {
  FakeApi api;
  RecordedEvents events;
  NodeFacts facts;
  facts.name = facts.hostname = "n1";
  facts.machine.memory_bytes = 1ull << 30;
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

// A problem that ends between a report and the look at what comes next: the report said that it is there.
TEST(NodeManagerTest, ReadyIsToldAtOnceWhereTheReportBeforeDidNotSayIt) {
  FakeApi api;
  RecordedEvents events;
  std::atomic<int> asked = 0;
  NodeManager manager({api, events, real_clock(), [&] {
                         NodeFacts facts;
                         facts.name = facts.hostname = "n1";
                         facts.machine.cpus = 1;
                         if (++asked <= 3) facts.runtime_problem = "not yet";
                         return facts;
                       }});
  manager.start();
  bool ready = false;
  for (int i = 0; i < 1000 && !ready; ++i, ::usleep(2000)) {
    const auto node = client::get<Node>(api, "", "n1", {});
    ready = node.ok() && !(*node)->status.conditions.empty() &&
            (*node)->status.conditions.back().status == "True";
  }
  manager.stop();
  EXPECT_TRUE(ready);
}

TEST(NodeManagerTest, ADeletedNodeIsRegisteredAnewAndNothingSpins) {
  FakeApi api;
  RecordedEvents events;
  NodeFacts facts;
  facts.name = facts.hostname = "n1";
  facts.machine.memory_bytes = 1ull << 30;
  facts.machine.cpus = 1;
  facts.runtime_problem = "down";  // so it reports often, and finds out soon
  NodeManager manager({api, events, real_clock(), [&] { return facts; }});
  manager.start();
  const auto ready = [&] {
    for (int i = 0; i < 2000; ++i, ::usleep(2000)) {
      const auto node = client::get<Node>(api, "", "n1", {});
      if (node.ok() && !(*node)->status.conditions.empty()) return (*node)->metadata.uid;
    }
    return std::string();
  };
  const std::string first = ready();
  ASSERT_FALSE(first.empty());
  ASSERT_TRUE(client::remove<Node>(api, "", "n1", {}, {}).ok());
  std::string second;
  for (int i = 0; i < 8000 && (second.empty() || second == first); ++i, ::usleep(2000)) {
    const auto node = client::get<Node>(api, "", "n1", {});
    second = node.ok() ? (*node)->metadata.uid : "";
  }
  EXPECT_FALSE(second.empty());
  EXPECT_NE(second, first);
  manager.stop();
}

}  // namespace
}  // namespace mizzen::kubelet
