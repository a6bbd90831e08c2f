#include "rest/send/token_bucket.h"

#include <gtest/gtest.h>

namespace mizzen::rest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TokenBucket, ABurstPassesAtOnceAndTheRestAtTheRate) {
  ManualClock clock;
  TokenBucket bucket(clock, 10, 3);
  const Monotonic start = clock.monotonic();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*bucket.reserve(Deadline::never()), start);
  EXPECT_EQ(*bucket.reserve(Deadline::never()), start + milliseconds(100));
  EXPECT_EQ(*bucket.reserve(Deadline::never()), start + milliseconds(200));
  clock.advance(seconds(10));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*bucket.reserve(Deadline::never()), start + seconds(10));
  EXPECT_EQ(*bucket.reserve(Deadline::never()), start + seconds(10) + milliseconds(100));
}

TEST(TokenBucket, ATurnBeyondTheDeadlineIsNotUsedUp) {
  ManualClock clock;
  TokenBucket bucket(clock, 1, 1);
  const Monotonic start = clock.monotonic();
  ASSERT_TRUE(bucket.reserve(Deadline::never()).ok());
  for (int i = 0; i < 5; ++i) {
    const auto late = bucket.reserve(Deadline::after(milliseconds(500), clock));
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code(), Code::Timeout);
  }
  EXPECT_EQ(*bucket.reserve(Deadline::never()), start + seconds(1));
}

TEST(TokenBucket, NoRateIsNoLimit) {
  ManualClock clock;
  TokenBucket bucket(clock, 0, 1);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(bucket.take(Deadline::after({}, clock), {}).ok());
}

}  // namespace
}  // namespace mizzen::rest
