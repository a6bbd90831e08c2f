#include "kubelet/node/node_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

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

}  // namespace
}  // namespace mizzen::kubelet
