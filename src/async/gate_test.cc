#include "async/gate.h"

#include <gtest/gtest.h>

#include <atomic>

#include "async/alarms.h"
#include "async/thread.h"

namespace mizzen {
namespace {

TEST(Gate, ItsEndWaitsForWhatIsInside) {
  Gate gate;
  auto token = gate.enter();
  ASSERT_TRUE(token);
  std::atomic<bool> closed = false;
  Thread closer("closer", [&] {
    gate.close();
    closed = true;
  });
  while (!gate.is_closed()) {
  }
  EXPECT_FALSE(gate.enter()) << "nothing begins any more";
  EXPECT_FALSE(closed);
  token.reset();
  closer.join();
  EXPECT_TRUE(closed);
}

TEST(Alarms, OnABeatFallOnOneMoment) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const auto at = [](Duration d) { return Monotonic(d); };
  EXPECT_EQ(next_beat(at(seconds(20)), seconds(10)), at(seconds(30)));
  EXPECT_EQ(next_beat(at(seconds(20) + milliseconds(1)), seconds(10)), at(seconds(30)));
  EXPECT_EQ(next_beat(at(seconds(30) - milliseconds(1)), seconds(10)), at(seconds(30)));
  EXPECT_EQ(next_beat(Monotonic::max(), seconds(10)), Monotonic::max());
}

TEST(Alarms, RunWhenTheirTimeHasComeInOrderAndOnce) {
  ManualClock clock;
  int woken = 0;
  Alarms alarms(clock, [&] { ++woken; });
  std::string ran;
  alarms.after(std::chrono::seconds(2), [&] { ran += "b"; });
  alarms.after(std::chrono::seconds(1), [&] {
    ran += "a";
    alarms.after(Duration::zero(), [&] { ran += "+"; });
  });
  const auto gone = alarms.after(std::chrono::seconds(1), [&] { ran += "x"; });
  EXPECT_EQ(woken, 2) << "the second is earlier than the first, the third is not";
  alarms.cancel(gone);
  EXPECT_EQ(alarms.tick(), clock.monotonic() + std::chrono::seconds(1));
  EXPECT_EQ(ran, "");
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(alarms.tick(), clock.monotonic() + std::chrono::seconds(1));
  EXPECT_EQ(ran, "a+");
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(alarms.tick(), Monotonic::max());
  EXPECT_EQ(ran, "a+b");
}

}  // namespace
}  // namespace mizzen
