#include "client/node/node_lease.h"

#include <gtest/gtest.h>

#include "client/node/conditions.h"
#include "client/node/node_health.h"
#include "client/testing/fake_api.h"

namespace mizzen::client {
namespace {

using api::coordination::v1::Lease;
using std::chrono::seconds;
using Calls = std::map<std::string, int>;

/// One node's lease, and the calls that its renewals make.
class NodeLeaseTest : public ::testing::Test {
 protected:
  Result<void> renew() {
    api_.forget_calls();
    now_ += seconds(10);
    return lease_.renew(api_, "uid-of-n1", now_);
  }
  std::shared_ptr<const Lease> stored() {
    auto found = get<Lease>(api_, kNodeLeaseNamespace, "n1", {});
    return found.ok() ? *found : nullptr;
  }

  testing::FakeApi api_;
  NodeLease lease_{"n1"};
  WallTime now_{seconds(1'700'000'000)};
};

TEST_F(NodeLeaseTest, IsMadeOnceThenRenewedInOneRequest) {
  ASSERT_TRUE(renew().ok());
  EXPECT_EQ(api_.calls(), (Calls{{"get leases", 1}, {"create leases", 1}}));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(renew().ok());
    EXPECT_EQ(api_.calls(), (Calls{{"update leases", 1}}));
  }
  const auto lease = stored();
  EXPECT_EQ(lease->spec.holderIdentity, "n1");
  EXPECT_EQ(lease->spec.leaseDurationSeconds, 40);
  EXPECT_TRUE(codec::equal(lease->spec, renewed({}, "n1", "", now_).spec)) << "the time is the last one's";
  ASSERT_EQ(lease->metadata.ownerReferences.size(), 1u);
  EXPECT_EQ(lease->metadata.ownerReferences[0].uid, "uid-of-n1");
}

TEST_F(NodeLeaseTest, AfterARestartItGoesOnWithWhatIsThere) {
  ASSERT_TRUE(renew().ok());
  const std::string uid = stored()->metadata.uid;
  NodeLease again("n1");
  api_.forget_calls();
  ASSERT_TRUE(again.renew(api_, "uid-of-n1", now_).ok());
  EXPECT_EQ(api_.calls(), (Calls{{"get leases", 1}, {"update leases", 1}}));
  EXPECT_EQ(stored()->metadata.uid, uid);
}

TEST_F(NodeLeaseTest, WhatOthersWroteIsReadAgainAndStays) {
  ASSERT_TRUE(renew().ok());
  Lease changed = *stored();
  changed.metadata.labels.set("a", "b");
  ASSERT_TRUE(update(api_, std::move(changed), {}).ok());
  ASSERT_TRUE(renew().ok());
  EXPECT_EQ(api_.calls(), (Calls{{"update leases", 2}, {"get leases", 1}}));
  EXPECT_EQ(stored()->metadata.labels.get("a"), "b");
  ASSERT_TRUE(renew().ok());
  EXPECT_EQ(api_.calls(), (Calls{{"update leases", 1}}));
}

TEST_F(NodeLeaseTest, OneThatWasDeletedIsMadeAgain) {
  ASSERT_TRUE(renew().ok());
  ASSERT_TRUE(remove<Lease>(api_, kNodeLeaseNamespace, "n1", {}, {}).ok());
  ASSERT_TRUE(renew().ok());
  EXPECT_TRUE(stored());
}

TEST_F(NodeLeaseTest, AWriteThatFailedIsFollowedByALook) {
  ASSERT_TRUE(renew().ok());
  api_.set_down(true);
  EXPECT_EQ(renew().error().code(), Code::ServiceUnavailable);
  EXPECT_EQ(api_.calls(), (Calls{{"update leases", 1}})) << "an API that is away is not asked again";
  api_.set_down(false);
  ASSERT_TRUE(renew().ok());
  EXPECT_EQ(api_.calls(), (Calls{{"get leases", 1}, {"update leases", 1}}));
}

TEST(NodeHealth, ConditionsKeepTheTimeOfTheirLastChange) {
  api::core::v1::NodeStatus status;
  set_health(status, {}, WallTime(seconds(10)));
  EXPECT_TRUE(says(status.conditions, "Ready"));
  set_health(status, {.memory_short = true, .problem = "no runtime"}, WallTime(seconds(20)));
  ASSERT_EQ(status.conditions.size(), 4u);
  EXPECT_TRUE(says(status.conditions, "MemoryPressure"));
  EXPECT_FALSE(says(status.conditions, "Ready"));
  const auto& ready = status.conditions.back();
  EXPECT_EQ(ready.reason, "KubeletNotReady");
  EXPECT_EQ(ready.message, "no runtime");
  EXPECT_EQ(ready.lastTransitionTime.seconds, 20);
  EXPECT_EQ(status.conditions[1].lastTransitionTime.seconds, 10);
  EXPECT_EQ(status.conditions[1].lastHeartbeatTime.seconds, 20);
}

}  // namespace
}  // namespace mizzen::client
