#include "client/queue/work_queue.h"

#include <gtest/gtest.h>
#include <array>
#include <atomic>

#include "async/stop.h"
#include "client/testing/scripted_api.h"

namespace mizzen::client {
namespace {

using std::chrono::milliseconds;
using testing::ClientTest;
using testing::soon;

TEST_F(ClientTest, AKeyWaitsOnceAndNeverRunsTwiceAtATime) {
  std::atomic<int> running = 0, most = 0, runs = 0;
  StopSource gate;
  WorkQueue queue({.name = "q", .workers_max = 4}, runtime_, [&](const std::string&) {
    const int now = ++running;
    most = std::max(most.load(), now);
    (void)gate.token().wait_until(Deadline::after(std::chrono::seconds(5), real_clock()));
    ++runs;
    --running;
    return Outcome::done();
  });
  for (int i = 0; i < 100; ++i) queue.add("a");
  queue.start();
  ASSERT_TRUE(soon([&] { return running == 1; }));
  for (int i = 0; i < 100; ++i) queue.add("a");  // while it runs: once more afterwards
  gate.stop();
  ASSERT_TRUE(soon([&] { return runs == 2; }));
  queue.stop();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(most, 1);
}

TEST_F(ClientTest, ManyKeysFromManyThreadsAreAllHandledAfterTheirLastAdd) {
  constexpr int kKeys = 50;
  std::array<std::atomic<int>, kKeys> told{}, seen{};
  std::array<std::atomic<bool>, kKeys> busy{};
  std::atomic<bool> overlapped = false;
  WorkQueue queue({.name = "q", .workers_max = 8}, runtime_, [&](const std::string& key) {
    const auto i = static_cast<size_t>(std::stoi(key));
    if (busy[i].exchange(true)) overlapped = true;
    seen[i] = told[i].load();
    busy[i] = false;
    return Outcome::done();
  });
  queue.start();
  {
    ThreadPool adders(real_clock(), {.name = "adder", .threads_max = 4, .queue_max = 100, .idle_ms = 1000});
    for (int t = 0; t < 4; ++t)
      ASSERT_TRUE(adders.post([&] {
        for (int round = 0; round < 200; ++round)
          for (size_t i = 0; i < kKeys; ++i) {
            ++told[i];
            queue.add(std::to_string(i));
          }
      }));
    adders.stop();
  }
  EXPECT_TRUE(soon([&] {
    for (size_t i = 0; i < kKeys; ++i)
      if (seen[i] != 800) return false;
    return true;
  }));
  queue.stop();
  EXPECT_FALSE(overlapped);
}

TEST_F(ClientTest, FailuresBackOffAndSuccessForgetsThem) {
  std::atomic<int> runs = 0;
  std::vector<Monotonic> at(20);
  WorkQueue queue({.name = "q", .workers_max = 1, .backoff_min = milliseconds(20)}, runtime_,
                  [&](const std::string&) {
                    const int i = runs++;
                    at[static_cast<size_t>(i)] = real_clock().monotonic();
                    return i < 3 ? Outcome::retry() : Outcome::done();
                  });
  queue.start();
  queue.add("a");
  ASSERT_TRUE(soon([&] { return runs == 4; }));
  queue.stop();
  for (size_t i = 1; i < 4; ++i) EXPECT_GE(at[i] - at[i - 1], milliseconds(20 << (i - 1)) - milliseconds(2));
}

TEST_F(ClientTest, QueuesAreCountedUnderClientGosNames) {
  Metrics metrics;
  std::atomic<int> runs = 0;
  {
    WorkQueue queue({.name = "q", .workers_max = 1, .backoff_min = milliseconds(1), .metrics = &metrics},
                    runtime_,
                    [&](const std::string&) { return ++runs == 1 ? Outcome::retry() : Outcome::done(); });
    queue.add("a");
    queue.add("a");
    queue.add("b");
    EXPECT_NE(metrics.text().find("workqueue_depth{name=\"q\"} 2\n"), std::string::npos);
    queue.start();
    ASSERT_TRUE(soon([&] { return runs == 3; }));
    queue.stop();
    const std::string text = metrics.text();
    for (const char* line :
         {"workqueue_adds_total{name=\"q\"} 3\n", "workqueue_retries_total{name=\"q\"} 1\n",
          "workqueue_depth{name=\"q\"} 0\n", "workqueue_unfinished_work_seconds{name=\"q\"} 0\n",
          "workqueue_longest_running_processor_seconds{name=\"q\"} 0\n",
          "workqueue_queue_duration_seconds_count{name=\"q\"} 3\n",
          "workqueue_work_duration_seconds_count{name=\"q\"} 3\n"})
      EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  EXPECT_EQ(metrics.text().find("workqueue_depth{"), std::string::npos)
      << "a queue that is gone has no depth";
}

TEST_F(ClientTest, LaterIsKeptOnceAtItsEarliest) {
  std::atomic<int> runs = 0;
  WorkQueue queue({.name = "q"}, runtime_, [&](const std::string&) {
    ++runs;
    return Outcome::done();
  });
  queue.start();
  for (int i = 0; i < 50; ++i) queue.add_after("a", milliseconds(40));
  queue.add_after("a", milliseconds(10));
  ASSERT_TRUE(soon([&] { return runs >= 1; }));
  StopSource never;
  (void)never.token().wait_until(Deadline::after(milliseconds(120), real_clock()));
  EXPECT_EQ(runs, 1) << "the later ones were the same wish";
  queue.stop();
}

/// Passes on, and counts.
class CountingExecutor final : public Executor {
 public:
  explicit CountingExecutor(Executor& on) : on_(on) {}
  bool post(std::function<void()> f) override {
    ++posts;
    return on_.post(std::move(f));
  }
  std::atomic<int> posts = 0;

 private:
  Executor& on_;
};

TEST_F(ClientTest, AKeyThatComesDueTakesOneTurnOfTheExecutor) {
  CountingExecutor counted(executor_);
  Timers timers(counted, real_clock());
  std::atomic<int> runs = 0;
  WorkQueue queue({.name = "q"}, {real_clock(), secure_random(), counted, timers}, [&](const std::string&) {
    return ++runs < 20 ? Outcome::later(milliseconds(2)) : Outcome::done();
  });
  queue.start();
  queue.add_after("a", milliseconds(2));
  ASSERT_TRUE(soon([&] { return runs == 20; }));
  queue.stop();
  timers.stop();
  EXPECT_EQ(counted.posts, 20);
}

TEST_F(ClientTest, StopWaitsAndNothingRunsAfterwards) {
  std::atomic<bool> inside = false, left = false;
  std::atomic<int> runs = 0;
  WorkQueue queue({.name = "q"}, runtime_, [&](const std::string&) {
    inside = true;
    StopSource never;
    (void)never.token().wait_until(Deadline::after(milliseconds(50), real_clock()));
    left = true;
    ++runs;
    return Outcome::later(milliseconds(1));
  });
  queue.start();
  queue.add("a");
  ASSERT_TRUE(soon([&] { return inside.load(); }));
  queue.add("a");
  queue.stop();
  EXPECT_TRUE(left);
  const int then = runs;
  queue.add("b");
  StopSource never;
  (void)never.token().wait_until(Deadline::after(milliseconds(50), real_clock()));
  EXPECT_EQ(runs, then);
}

}  // namespace
}  // namespace mizzen::client
