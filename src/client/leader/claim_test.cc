#include "client/leader/claim.h"

#include <gtest/gtest.h>

namespace mizzen::client {
namespace {

using std::chrono::seconds;

const WallTime kWall{seconds(1'700'000'000)};
const Monotonic kNow{std::chrono::hours(1)};

TEST(Claim, AFreshLeaseIsTakenWithoutATransition) {
  const Lease lease = claimed({}, "a", {}, kWall);
  EXPECT_EQ(lease.spec.holderIdentity, "a");
  EXPECT_EQ(lease.spec.leaseDurationSeconds, 15);
  EXPECT_EQ(lease.spec.leaseTransitions, 0);
  EXPECT_TRUE(lease.spec.acquireTime && lease.spec.renewTime);
}

TEST(Claim, RenewingKeepsWhenItWasAcquired) {
  const Lease first = claimed({}, "a", {}, kWall);
  const Lease again = claimed(first, "a", {}, kWall + seconds(2));
  EXPECT_EQ(again.spec.acquireTime, first.spec.acquireTime);
  EXPECT_NE(again.spec.renewTime, first.spec.renewTime);
  EXPECT_EQ(again.spec.leaseTransitions, 0);
  EXPECT_EQ(claimed(again, "b", {}, kWall).spec.leaseTransitions, 1);
}

TEST(Claim, OthersWaitFromWhenTheySawItChange) {
  Sighting seen;
  EXPECT_FALSE(is_held_by_other(seen, "b", kNow));
  const Lease first = claimed({}, "a", {}, kWall);
  note(seen, first, kNow);
  EXPECT_FALSE(is_held_by_other(seen, "a", kNow)) << "its own";
  EXPECT_TRUE(is_held_by_other(seen, "b", kNow + seconds(14)));
  note(seen, first, kNow + seconds(14));
  EXPECT_FALSE(is_held_by_other(seen, "b", kNow + seconds(15)))
      << "seeing the same again starts nothing anew";
  note(seen, claimed(first, "a", {}, kWall + seconds(2)), kNow + seconds(14));
  EXPECT_TRUE(is_held_by_other(seen, "b", kNow + seconds(15)));
}

// A leader's clock may be wrong by years: its times are not looked at.
TEST(Claim, WallClocksAreNotCompared) {
  Sighting seen;
  note(seen, claimed({}, "a", {}, WallTime{}), kNow);
  EXPECT_TRUE(is_held_by_other(seen, "b", kNow + seconds(1)));
}

TEST(Claim, TimesOutOfOrderAreRefused) {
  EXPECT_EQ(ElectionTimes().fault(), "");
  EXPECT_EQ((ElectionTimes{seconds(10), seconds(10), seconds(2)}.fault()),
            "leaseDuration must be greater than renewDeadline");
  EXPECT_EQ((ElectionTimes{seconds(3), seconds(2), seconds(2)}.fault()),
            "renewDeadline must be greater than retryPeriod*JitterFactor");
  EXPECT_EQ((ElectionTimes{seconds(3), seconds(2), seconds(0)}.fault()),
            "retryPeriod must be greater than zero");
}

TEST(Claim, WhatWasReleasedIsFree) {
  Sighting seen;
  note(seen, released(claimed({}, "a", {}, kWall), kWall), kNow);
  EXPECT_FALSE(is_held_by_other(seen, "b", kNow));
}

}  // namespace
}  // namespace mizzen::client
