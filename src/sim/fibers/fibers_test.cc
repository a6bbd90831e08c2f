#include "sim/fibers/fibers.h"

#include <gtest/gtest.h>

#include "async/executor.h"
#include "async/mutex.h"
#include "async/stop.h"
#include "async/thread.h"
#include "async/timers.h"

namespace mizzen::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// What happened in a run, in order.
struct Run {
  std::string log;
  uint64_t fingerprint = 0;
};

Run run(uint64_t seed, const std::function<void(Fibers&, ManualClock&, std::string&)>& body) {
  ManualClock clock;
  SeededRandom random(seed);
  Fibers fibers(clock, random);
  Run out;
  fibers.run([&] { body(fibers, clock, out.log); });
  out.fingerprint = fibers.fingerprint();
  return out;
}

TEST(Fibers, ThreadsTakeTurnsInAnOrderThatTheSeedGives) {
  const auto body = [](Fibers& fibers, ManualClock&, std::string& log) {
    std::vector<Thread> threads;
    for (const char name : {'a', 'b', 'c'})
      threads.emplace_back(std::string(1, name), [&log, &fibers, name] {
        for (int i = 0; i < 3; ++i) {
          log += name;
          fibers.yield();
        }
      });
    for (Thread& t : threads) t.join();
  };
  EXPECT_EQ(run(1, body).log.size(), 9u);
  EXPECT_EQ(run(1, body).log, run(1, body).log);
  EXPECT_EQ(run(1, body).fingerprint, run(1, body).fingerprint);
  size_t different = 0;
  for (uint64_t seed = 2; seed < 12; ++seed) different += run(seed, body).log != run(1, body).log;
  EXPECT_GT(different, 5u);
}

TEST(Fibers, AMutexKeepsOthersOut) {
  run(7, [](Fibers& fibers, ManualClock&, std::string&) {
    Mutex m;
    int inside = 0, entered = 0;
    std::vector<Thread> threads;
    for (int t = 0; t < 5; ++t)
      threads.emplace_back("t", [&] {
        for (int i = 0; i < 20; ++i) {
          Lock lock(m);
          EXPECT_EQ(++inside, 1);
          fibers.yield();
          --inside;
          ++entered;
        }
      });
    for (Thread& t : threads) t.join();
    EXPECT_EQ(entered, 100);
  });
}

TEST(Fibers, TimeMovesOnlyWhenAllWait) {
  run(3, [](Fibers& fibers, ManualClock& clock, std::string&) {
    const Monotonic start = clock.monotonic();
    Thread sleeper("sleeper", [&] { fibers.pause(hours(5)); });
    for (int i = 0; i < 100; ++i) fibers.yield();
    EXPECT_EQ(clock.monotonic(), start);
    sleeper.join();
    EXPECT_EQ(clock.monotonic(), start + hours(5));
  });
}

TEST(Fibers, ConditionsPoolsQueuesAndTimersRunAsTheyAre) {
  const auto body = [](Fibers&, ManualClock& clock, std::string& log) {
    ThreadPool pool(clock, {"pool", 4});
    Timers timers(pool, clock);
    SerialQueue serial(pool);
    StopSource done;
    int ran = 0;
    Mutex m;
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(serial.post([&log, i] { log += static_cast<char>('0' + i); }));
    timers.after(seconds(3), [&] {
      Lock lock(m);
      log += 'T';
      if (++ran == 2) done.stop();
    });
    timers.after(milliseconds(10), [&] {
      Lock lock(m);
      log += 't';
      if (++ran == 2) done.stop();
    });
    EXPECT_TRUE(done.token().wait_until(Deadline::after(seconds(10), clock)));
    const Deadline passed = Deadline::after(seconds(1), clock);
    EXPECT_FALSE(StopSource().token().wait_until(passed));
    EXPECT_TRUE(passed.expired());
    timers.stop();
    pool.stop();
  };
  for (uint64_t seed = 1; seed < 50; ++seed) EXPECT_EQ(run(seed, body).log, "0123456789tT") << seed;
}

TEST(Fibers, WhatIsPerThreadStaysWithItsThread) {
  run(5, [](Fibers& fibers, ManualClock&, std::string&) {
    static const PerThread own;
    std::vector<Thread> threads;
    for (uint64_t n = 1; n <= 3; ++n)
      threads.emplace_back("t", [&fibers, n] {
        EXPECT_EQ(own.get(), 0u);
        own.get() = n;
        const uint64_t id = this_thread_id();
        for (int i = 0; i < 10; ++i) {
          fibers.yield();
          EXPECT_EQ(own.get(), n);
          EXPECT_EQ(this_thread_id(), id);
        }
      });
    for (Thread& t : threads) t.join();
    EXPECT_EQ(own.get(), 0u);
  });
}

TEST(FibersDeathTest, WhoWaitsForGoodIsNamed) {
  EXPECT_DEATH(run(1,
                   [](Fibers&, ManualClock&, std::string&) {
                     Mutex m;
                     CondVar never;
                     Lock lock(m);
                     for (;;) never.wait(m);
                   }),
               "main waits");
}

}  // namespace
}  // namespace mizzen::sim
