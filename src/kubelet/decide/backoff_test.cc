#include "kubelet/decide/backoff.h"

#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;

TEST(Backoff, DoublesUpToTheMaximumAndForgetsAfterALongTime) {
  ManualClock clock;
  Backoff b(clock, {});
  b.next("k", clock.monotonic());
  EXPECT_TRUE(b.in_backoff("k", clock.monotonic()));
  clock.advance(seconds(10));
  EXPECT_FALSE(b.in_backoff("k", clock.monotonic() - seconds(10)));
  for (int i = 0; i < 10; ++i) b.next("k", clock.monotonic());
  EXPECT_EQ(b.pause("k"), seconds(300));
  clock.advance(seconds(601));
  b.next("k", clock.monotonic());
  EXPECT_EQ(b.pause("k"), seconds(10));
}

}  // namespace
}  // namespace mizzen::kubelet
