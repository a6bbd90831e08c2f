#include "hollow/pod_life.h"

#include <gtest/gtest.h>

namespace mizzen::hollow {
namespace {

using std::chrono::seconds;

/// One pod and the node it is on: time passes, what is decided is carried out.
class PodLife : public ::testing::Test {
 protected:
  PodLife() {
    pod_.metadata.uid = "u";
    pod_.spec.restartPolicy = "Always";
    pod_.spec.containers.emplace_back().name = "c";
    pod_.status.phase = "Pending";
  }
  Step step() {
    Step out = next_step(pod_, "192.0.2.1", "10.0.0.7", stages_, now_, wall_, progress_);
    if (out.kind == Step::Kind::Report) pod_.status = out.status;
    return out;
  }
  void pass(Duration d) {
    now_ += d;
    wall_ += d;
  }
  /// Until its start is over and its node has said so.
  void run_it() {
    step();
    pass(seconds(2));
    step();
  }
  bool ready() const {
    for (const auto& c : pod_.status.conditions)
      if (c.type == "Ready") return c.status == "True";
    return false;
  }
  void wish_to_end(int64_t grace) {
    pod_.metadata.deletionTimestamp = codec::Time::from(wall_);
    pod_.metadata.deletionGracePeriodSeconds = grace;
  }

  Pod pod_;
  Stages stages_{seconds(2), seconds(3), seconds(10)};
  Monotonic now_{std::chrono::hours(1)};
  WallTime wall_{seconds(1'700'000'000)};
  Progress progress_;
};

TEST_F(PodLife, RunsWhenItsStartIsOver) {
  Step first = step();
  EXPECT_EQ(first.kind, Step::Kind::Wait);
  EXPECT_EQ(first.again, seconds(2));
  pass(seconds(2));
  EXPECT_EQ(step().kind, Step::Kind::Report);
  EXPECT_EQ(pod_.status.phase, "Running");
  EXPECT_EQ(pod_.status.podIP, "10.0.0.7");
  EXPECT_TRUE(ready());
  const Step after = step();
  EXPECT_EQ(after.kind, Step::Kind::Wait);
  EXPECT_EQ(after.again, Duration());
}

TEST_F(PodLife, EndsByItselfWhereItMay) {
  pod_.spec.restartPolicy = "Never";
  run_it();
  EXPECT_EQ(step().again, seconds(10));
  pass(seconds(10));
  step();
  EXPECT_EQ(pod_.status.phase, "Succeeded");
  EXPECT_FALSE(ready());
  EXPECT_EQ(step().kind, Step::Kind::Wait);
}

TEST_F(PodLife, StopsThenGoes) {
  run_it();
  wish_to_end(30);
  EXPECT_EQ(step().again, seconds(3));
  pass(seconds(3));
  EXPECT_EQ(step().kind, Step::Kind::Report);
  EXPECT_EQ(pod_.status.phase, "Succeeded");
  EXPECT_EQ(step().kind, Step::Kind::Remove);
}

TEST_F(PodLife, AShortGraceIsKept) {
  run_it();
  wish_to_end(1);
  EXPECT_EQ(step().again, seconds(1));
}

TEST_F(PodLife, WhatNeverRanGoesAtOnce) {
  step();
  wish_to_end(0);
  EXPECT_EQ(step().kind, Step::Kind::Remove);
}

// The node controller says that pods of a node it has not heard of are not ready.
TEST_F(PodLife, PutsRightWhatOthersSaid) {
  run_it();
  for (auto& c : pod_.status.conditions)
    if (c.type == "Ready") c.status = "False";
  EXPECT_EQ(step().kind, Step::Kind::Report);
  EXPECT_TRUE(ready());
}

// A node that was started again finds a pod that runs, and lets it keep its address.
TEST_F(PodLife, GoesOnAfterARestart) {
  run_it();
  progress_ = {};
  step();
  pass(seconds(2));
  EXPECT_EQ(step().kind, Step::Kind::Wait);
  EXPECT_EQ(progress_.ip, "10.0.0.7");
  EXPECT_EQ(pod_.status.phase, "Running");
}

}  // namespace
}  // namespace mizzen::hollow
