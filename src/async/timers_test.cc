#include "async/timers.h"

#include <gtest/gtest.h>

#include <atomic>

#include "async/stop.h"

namespace mizzen {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Timers, FireInTheOrderOfTheirTimes) {
  ThreadPool pool(real_clock(), {.threads_max = 1});
  Timers timers(pool, real_clock());
  StopSource done;
  Mutex m;
  std::vector<int> seen;
  const auto note = [&](int n) {
    Lock lock(m);
    seen.push_back(n);
    if (seen.size() == 2) done.stop();
  };
  timers.after(milliseconds(60), [&] { note(2); });
  timers.after(milliseconds(10), [&] { note(1); });
  ASSERT_TRUE(done.token().wait_until(Deadline::after(seconds(10), real_clock())));
  Lock lock(m);
  EXPECT_EQ(seen, (std::vector<int>{1, 2}));
}

TEST(Timers, CancelledOnesNeverRun) {
  ThreadPool pool(real_clock(), {.threads_max = 1});
  Timers timers(pool, real_clock());
  std::atomic<int> ran = 0;
  StopSource done;
  const auto id = timers.after(milliseconds(20), [&] { ran += 100; });
  timers.cancel(id);
  timers.cancel(id);
  timers.cancel(12345);
  timers.after(milliseconds(60), [&] {
    ++ran;
    done.stop();
  });
  ASSERT_TRUE(done.token().wait_until(Deadline::after(seconds(10), real_clock())));
  EXPECT_EQ(ran, 1);
}

TEST(Timers, TheLongestDelayIsNotNow) {
  ThreadPool pool(real_clock(), {.threads_max = 1});
  Timers timers(pool, real_clock());
  std::atomic<bool> early = false;
  StopSource done;
  timers.after(Duration::max(), [&] { early = true; });
  timers.after(milliseconds(50), [&] { done.stop(); });
  ASSERT_TRUE(done.token().wait_until(Deadline::after(seconds(10), real_clock())));
  pool.stop();
  EXPECT_FALSE(early);
}

TEST(Timers, ManyAreCancelledWithoutASearch) {
  ThreadPool pool(real_clock(), {.threads_max = 1});
  Timers timers(pool, real_clock());
  constexpr int kMany = 200'000;
  std::vector<Timers::Id> ids;
  for (int i = 0; i < kMany; ++i) ids.push_back(timers.after(hours(1) + seconds(i), [] {}));
  // The last ones first: a search from the front takes 2e10 steps, minutes.
  const Deadline deadline = Deadline::after(seconds(20), real_clock());
  while (!ids.empty() && !deadline.expired()) {
    timers.cancel(ids.back());
    ids.pop_back();
  }
  EXPECT_TRUE(ids.empty());
}

TEST(Timers, WhatACancelledFunctionHoldsMayCancelToo) {
  ThreadPool pool(real_clock(), {.threads_max = 1});
  Timers timers(pool, real_clock());
  const auto other = timers.after(hours(1), [] {});
  std::shared_ptr<int> held(new int(0), [&](int* p) {
    timers.cancel(other);
    delete p;
  });
  const auto id = timers.after(hours(1), [held] {});
  held.reset();
  timers.cancel(id);
}

}  // namespace
}  // namespace mizzen
