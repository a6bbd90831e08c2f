#include "base/clock.h"

#include <gtest/gtest.h>

namespace mizzen {
namespace {

using std::chrono::seconds;

TEST(Clock, LaterSaturatesWhereTheSumDoesNotFit) {
  const Monotonic start{std::chrono::hours(1)};
  EXPECT_EQ(later(start, seconds(5)), start + seconds(5));
  EXPECT_EQ(later(start, Duration::max()), Monotonic::max());
  EXPECT_EQ(later(start, Monotonic::max() - start), Monotonic::max());
  EXPECT_EQ(later(start, -seconds(5)), start - seconds(5));
  EXPECT_EQ(later(Monotonic(-seconds(5)), Duration::max()), Monotonic::max() - seconds(5));
}

TEST(Clock, SecondsOfRequestsNeverWrapAround) {
  EXPECT_EQ(whole_seconds(30), Duration(seconds(30)));
  EXPECT_EQ(whole_seconds(-1), Duration(-seconds(1)));
  EXPECT_EQ(whole_seconds(INT64_MAX), Duration::max());
  EXPECT_EQ(whole_seconds(INT64_MAX / 1'000'000'000 + 1), Duration::max());
  EXPECT_EQ(whole_seconds(INT64_MIN), Duration::min());
}

TEST(Deadline, ComesByTheClockItCarries) {
  ManualClock clock;
  const Deadline deadline = Deadline::after(std::chrono::hours(1), clock);
  EXPECT_EQ(Deadline::at(deadline.when(), clock).left(), std::chrono::hours(1));
  clock.advance(std::chrono::minutes(59));
  EXPECT_FALSE(deadline.expired());
  EXPECT_EQ(deadline.left(), std::chrono::minutes(1));
  clock.advance(std::chrono::minutes(1));
  EXPECT_TRUE(deadline.expired());
  EXPECT_EQ(deadline.left(), Duration::zero());
  EXPECT_FALSE(Deadline::never().expired());
}

TEST(Deadline, AfterTheLongestTimeIsNever) {
  const ManualClock clock;
  const Deadline deadline = Deadline::after(whole_seconds(INT64_MAX), clock);
  EXPECT_FALSE(deadline.expired());
  EXPECT_TRUE(deadline.is_never());
  EXPECT_FALSE(Deadline::after(whole_seconds(INT64_MAX / 1'000'000'000 - 7200), clock).expired());
}

}  // namespace
}  // namespace mizzen
