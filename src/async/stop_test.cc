#include "async/stop.h"

#include <gtest/gtest.h>

#include <atomic>

#include "async/thread.h"

namespace mizzen {
namespace {

TEST(Stop, ACallbackRunsOnceOnTheStoppingThread) {
  StopSource source;
  int runs = 0;
  const auto handle = source.token().on_stop([&] { ++runs; });
  source.stop();
  source.stop();
  EXPECT_EQ(runs, 1);
  const auto late = source.token().on_stop([&] { ++runs; });
  EXPECT_EQ(runs, 2) << "already stopped: at once";
}

TEST(Stop, WhoLetsGoOfTheHandleIsNotCalledAny) {
  StopSource source;
  bool ran = false;
  source.token().on_stop([&] { ran = true; }).reset();
  source.stop();
  EXPECT_FALSE(ran);
}

TEST(Stop, LettingGoWaitsForTheCallThatRuns) {
  StopSource source;
  std::atomic<bool> begun = false, ended = false;
  auto handle = source.token().on_stop([&] {
    begun = true;
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(50), real_clock()));
    ended = true;
  });
  Thread stopping("stopping", [&] { source.stop(); });
  while (!begun) {
  }
  handle.reset();
  EXPECT_TRUE(ended);
  stopping.join();
}

TEST(Stop, ACallbackThatLetsGoOfItsOwnHandleDoesNotWaitForItself) {
  struct Waits {
    std::shared_ptr<void> on_stop;
  };
  StopSource source;
  auto waits = std::make_shared<Waits>();
  bool ran = false;
  waits->on_stop = source.token().on_stop([&ran, weak = std::weak_ptr<Waits>(waits), &waits] {
    const auto last = weak.lock();
    waits.reset();
    ran = true;
  });
  source.stop();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace mizzen
