#include "client/events/event_recorder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "client/testing/scripted_api.h"

namespace mizzen::client {
namespace {

using api::core::v1::Event;
using std::chrono::milliseconds;
using testing::ClientTest;

class RecorderTest : public ClientTest {
 protected:
  RecorderTest() : recorder_({api_, {clock_, secure_random(), executor_, timers_}}, {"me", "host"}) {
    about_.kind = "Pod";
    about_.namespace_ = "ns";
    about_.name = "p";
    about_.uid = "u";
  }
  void tell(const std::string& reason, const std::string& message) {
    recorder_.event(about_, "Normal", reason, message);
    recorder_.flush(Deadline::after(std::chrono::seconds(1), real_clock()));
    clock_.advance(milliseconds(1));
  }
  ManualClock clock_;
  EventRecorder recorder_;
  api::core::v1::ObjectReference about_;
};

TEST_F(RecorderTest, EqualEventsAreCounted) {
  for (int i = 0; i < 4; ++i) tell("Pulled", "image is there");
  ASSERT_EQ(api_.events().size(), 1u);
  EXPECT_EQ(api_.events()[0].count, 4);
  EXPECT_EQ(api_.patches(), 3u);
  EXPECT_EQ(api_.events()[0].source.component, "me");
  EXPECT_EQ(api_.events()[0].metadata.namespace_, "ns");
}

TEST_F(RecorderTest, SimilarEventsAreCombined) {
  for (int i = 0; i < 15; ++i) tell("Failed", fmt::format("try {}", i));
  const auto events = api_.events();
  ASSERT_EQ(events.size(), 10u) << "nine of their own, then one for the rest";
  int combined = 0;
  for (const Event& e : events) combined += e.message.starts_with("(combined from similar events): ");
  EXPECT_EQ(combined, 1);
  EXPECT_EQ(api_.patches(), 5u);
}

TEST_F(RecorderTest, ChatterIsDroppedAndComesBackSlowly) {
  for (int i = 0; i < 60; ++i) tell(fmt::format("R{}", i), "m");
  EXPECT_EQ(api_.events().size(), 25u);
  clock_.advance(std::chrono::seconds(301));
  tell("Later", "m");
  tell("TooSoon", "m");
  EXPECT_EQ(api_.events().size(), 26u);
}

TEST_F(RecorderTest, PausesBetweenTriesAndGivesUp) {
  api_.set_down();
  tell("Pulled", "m");
  EXPECT_EQ(api_.creates(), 1u) << "ten seconds until the next one";
  EventRecorder quick({api_, {clock_, secure_random(), executor_, timers_}},
                      {.component = "me", .host = "host", .retry_pause = milliseconds(1)});
  quick.event(about_, "Normal", "Other", "m");
  quick.flush(Deadline::after(std::chrono::seconds(10), real_clock()));
  EXPECT_EQ(api_.creates(), 13u);
}

TEST_F(RecorderTest, StoppedItHoldsUpNobodyThoughNothingCanBeWritten) {
  api_.set_down();
  ThreadPool pool(real_clock(), {.name = "own", .threads_max = 1});
  EventRecorder recorder({api_, {real_clock(), secure_random(), pool, timers_}}, {"me", "host"});
  for (int i = 0; i < 5; ++i) recorder.event(about_, "Normal", fmt::format("R{}", i), "m");
  const auto began = real_clock().monotonic();
  recorder.stop(milliseconds(50));
  pool.stop();
  EXPECT_LT(real_clock().monotonic() - began, std::chrono::seconds(5)) << "a pause between two tries is ten";
  EXPECT_EQ(api_.creates(), 1u) << "what waited is not tried any more";
}

}  // namespace
}  // namespace mizzen::client
