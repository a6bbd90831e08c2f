#include "network/attachments/turns.h"

#include <gtest/gtest.h>

#include <atomic>

#include "async/stop.h"
#include "async/thread.h"

namespace mizzen::network {
namespace {

using std::chrono::milliseconds;

const AttachmentKey kA{"a", "eth0"}, kB{"b", "eth0"};

Deadline soon(int ms = 30) { return Deadline::after(milliseconds(ms), real_clock()); }
Deadline long_after() { return soon(20'000); }

TEST(Turns, DifferentOnesAtATimeTheSameOneByOne) {
  Turns turns;
  auto a = std::make_unique<Turns::Turn>(*turns.take(kA, soon()));
  EXPECT_TRUE(turns.take(kB, soon()).ok());
  EXPECT_EQ(turns.take(kA, soon()).error().code(), Code::TooManyRequests);
  EXPECT_FALSE(turns.take_all(soon()).ok());
  EXPECT_TRUE(turns.take(kB, soon()).ok()) << "who gave up waiting for all holds nobody up";
  std::atomic<bool> got = false;
  Thread waits("waits", [&] {
    const auto turn = turns.take(kA, long_after());
    got = turn.ok();
  });
  a.reset();
  waits.join();
  EXPECT_TRUE(got);
}

TEST(Turns, WhoWaitsForAllGoesBeforeThoseWhoComeLater) {
  Turns turns;
  auto a = std::make_unique<Turns::Turn>(*turns.take(kA, soon()));
  std::atomic<bool> alone = false, done = false;
  Thread waits("waits", [&] {
    const auto turn = turns.take_all(long_after());
    alone = turn.ok();
    while (!done) StopToken().wait_until(soon(1));
  });
  // It waits by the time that nobody new gets in.
  while (turns.take(kB, soon(1)).ok()) {
  }
  EXPECT_FALSE(alone);
  EXPECT_TRUE(turns.take_also(kB, soon()).ok()) << "who has a turn already would wait for itself";
  a.reset();
  while (!alone) StopToken().wait_until(soon(1));
  EXPECT_FALSE(turns.take(kB, soon()).ok());
  done = true;
  waits.join();
  EXPECT_TRUE(turns.take(kB, soon()).ok());
}

}  // namespace
}  // namespace mizzen::network
