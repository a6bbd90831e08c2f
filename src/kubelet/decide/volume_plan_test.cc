#include "kubelet/decide/volume_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration kResync = seconds(60);

Monotonic at(Duration d) { return Monotonic(seconds(1000)) + d; }
Duration plain(Duration d) { return d; }

std::vector<api::core::v1::Volume> volumes(std::initializer_list<const char*> names) {
  std::vector<api::core::v1::Volume> out;
  for (const char* name : names) out.emplace_back().name = name;
  return out;
}

TEST(VolumePlan, NewVolumesAreSetUpAndNothingIsReadyBefore) {
  const auto plan = plan_volumes(volumes({"a", "b"}), {}, kResync, at({}));
  EXPECT_THAT(plan.set_up, ElementsAre("a", "b"));
  EXPECT_FALSE(plan.ready);
  EXPECT_TRUE(plan_volumes({}, {}, kResync, at({})).ready) << "a pod without volumes waits for none";
}

TEST(VolumePlan, WhatStandsIsRefreshedAfterAWhile) {
  VolumeStates actual;
  note_set_up(actual["a"], true, true, at({}), plain);
  auto plan = plan_volumes(volumes({"a"}), actual, kResync, at(seconds(59)));
  EXPECT_THAT(plan.set_up, IsEmpty());
  EXPECT_TRUE(plan.ready);
  EXPECT_EQ(plan.next, at(seconds(60)));
  plan = plan_volumes(volumes({"a"}), actual, kResync, at(seconds(60)));
  EXPECT_THAT(plan.set_up, ElementsAre("a"));
  EXPECT_TRUE(plan.ready) << "a refresh holds up nothing";
}

TEST(VolumePlan, AFailureWaitsLongerEachTimeAndHoldsUpOnlyItself) {
  VolumeStates actual;
  note_set_up(actual["a"], true, true, at({}), plain);
  note_set_up(actual["b"], false, false, at({}), plain);
  auto plan = plan_volumes(volumes({"a", "b"}), actual, kResync, at(milliseconds(499)));
  EXPECT_THAT(plan.set_up, IsEmpty());
  EXPECT_FALSE(plan.ready);
  EXPECT_EQ(plan.next, at(milliseconds(500)));
  plan = plan_volumes(volumes({"a", "b"}), actual, kResync, at(milliseconds(500)));
  EXPECT_THAT(plan.set_up, ElementsAre("b"));
  for (int i = 0; i < 20; ++i) note_set_up(actual["b"], false, false, at({}), plain);
  EXPECT_EQ(actual["b"].retry_at, at(seconds(122)));
  note_set_up(actual["b"], true, true, at({}), plain);
  note_set_up(actual["b"], false, true, at({}), plain);
  EXPECT_EQ(actual["b"].retry_at, at(milliseconds(500))) << "a success begins anew";
  EXPECT_TRUE(plan_volumes(volumes({"a", "b"}), actual, kResync, at({})).ready)
      << "a refresh that failed leaves what stands";
}

TEST(VolumePlan, WhatNeverWasRefreshedIsDueAtOnceUnlessItFailed) {
  VolumeStates actual;
  note_set_up(actual["a"], true, true, at({}), plain);
  actual["a"].refreshed = {};  // what it shows changed
  EXPECT_THAT(plan_volumes(volumes({"a"}), actual, kResync, at(seconds(1))).set_up, ElementsAre("a"));
  actual["a"].retry_at = at(seconds(5));
  EXPECT_THAT(plan_volumes(volumes({"a"}), actual, kResync, at(seconds(1))).set_up, IsEmpty());
}

}  // namespace
}  // namespace mizzen::kubelet
