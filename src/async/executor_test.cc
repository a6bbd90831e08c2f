#include "async/executor.h"

#include <gtest/gtest.h>

#include <atomic>

#include "async/stop.h"

namespace mizzen {
TEST(ThreadPool, RunsEverythingBeforeStopReturns) {
  std::atomic<int> ran = 0;
  ThreadPool pool(real_clock(), {.threads_max = 3});
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.post([&] { ++ran; }));
  pool.stop();
  EXPECT_EQ(ran, 500);
  EXPECT_FALSE(pool.post([] {}));
}
TEST(ThreadPool, RefusesBeyondItsBound) {
  StopSource gate;
  ThreadPool pool(real_clock(), {.threads_max = 1, .queue_max = 2});
  ASSERT_TRUE(pool.post([&] { gate.token().wait_until(Deadline::never()); }));
  int accepted = 0;
  for (int i = 0; i < 10; ++i) accepted += pool.post([] {});
  EXPECT_LE(accepted, 2);
  gate.stop();
}
TEST(SerialQueue, FunctionsNeverOverlapAndKeepTheirOrder) {
  ThreadPool pool(real_clock(), {.threads_max = 4});
  SerialQueue queue(pool);
  std::vector<int> seen;  // unguarded on purpose: TSan would tell
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(queue.post([&seen, i] { seen.push_back(i); }));
  pool.stop();
  ASSERT_EQ(seen.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[i], i);
}
/// Holds a refusal back until the test lets it go.
class Refusing final : public Executor {
 public:
  bool post(std::function<void()>) override {
    entered.stop();
    answer.token().wait_until(Deadline::never());
    return false;
  }
  StopSource entered, answer;
};

TEST(SerialQueue, NobodyIsToldQueuedBehindARefusal) {
  Refusing below;
  SerialQueue queue(below);
  bool first = true, second = true;
  std::atomic<bool> asked = false;
  Thread one("one", [&] { first = queue.post([] {}); });
  ASSERT_TRUE(below.entered.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
  Thread other("other", [&] {
    asked = true;
    second = queue.post([] {});
  });
  // The other one is asking, and would have been answered by now where it did not wait for the first.
  while (!asked) StopToken().wait_until(Deadline::after(std::chrono::milliseconds(1), real_clock()));
  StopToken().wait_until(Deadline::after(std::chrono::milliseconds(50), real_clock()));
  below.answer.stop();
  one.join();
  other.join();
  EXPECT_FALSE(first);
  EXPECT_FALSE(second) << "it was dropped";
}

TEST(SerialQueue, RefusesBeyondItsBound) {
  StopSource gate;
  ThreadPool pool(real_clock(), {.threads_max = 1});
  SerialQueue queue(pool, 2);
  StopSource begun;
  std::atomic<int> ran = 0;
  ASSERT_TRUE(queue.post([&] {
    begun.stop();
    gate.token().wait_until(Deadline::never());
  }));
  ASSERT_TRUE(begun.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
  EXPECT_TRUE(queue.post([&] { ++ran; }));
  EXPECT_TRUE(queue.post([&] { ++ran; }));
  EXPECT_FALSE(queue.post([&] { ++ran; }));
  gate.stop();
  pool.stop();
  EXPECT_EQ(ran, 2);
}

TEST(StopToken, TheSourceMayGoAsSoonAsItsStopIsSeen) {
  ThreadPool pool(real_clock(), {.threads_max = 1});
  for (int i = 0; i < 500; ++i) {
    StopSource done;
    ASSERT_TRUE(pool.post([&done] { done.stop(); }));
    ASSERT_TRUE(done.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
  }  // under ASan: stop() may be at its end still
}

TEST(StopToken, CallbackRunsOnceAndUnregisters) {
  StopSource source;
  int calls = 0;
  auto kept = source.token().on_stop([&] { ++calls; });
  {
    auto dropped = source.token().on_stop([&] { calls += 100; });
  }
  source.stop();
  source.stop();
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(source.token().wait_until(Deadline::never()));
}
}  // namespace mizzen
