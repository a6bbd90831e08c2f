#include "kubelet/eviction/judge.h"

#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Judge : public ::testing::Test {
 protected:
  void config(const EvictionFlags& flags) { config_ = *parse_eviction(flags); }
  /// The signals that something has to be done about, now that so much of 1000 is left.
  std::string reclaim(std::map<Signal, int64_t> left) {
    Observations seen;
    for (const auto& [signal, available] : left) seen[signal] = {codec::Quantity::of(available), 1000};
    verdict_ = judge(config_, seen, history_, now_);
    relieved_ = is_relieved(config_, seen);
    std::string out;
    for (const size_t i : verdict_.reclaim) {
      if (!out.empty()) out += " ";
      out += signal_name(config_.thresholds[i].signal);
    }
    return out;
  }
  void pass(Duration time) { now_ = now_ + time; }

  EvictionConfig config_;
  ThresholdHistory history_;
  EvictionVerdict verdict_;
  bool relieved_ = false;
  Monotonic now_{minutes(10)};
};

TEST_F(Judge, ActsBelowAHardThresholdAtOnceAndMemoryComesFirst) {
  config({.hard = "nodefs.available<10%,memory.available<100"});
  EXPECT_EQ(reclaim({{Signal::NodeFsAvailable, 100}, {Signal::MemoryAvailable, 100}}), "") << "just enough";
  EXPECT_FALSE(verdict_.pressures.any());
  EXPECT_EQ(reclaim({{Signal::NodeFsAvailable, 99}, {Signal::MemoryAvailable, 100}}), "nodefs.available");
  EXPECT_EQ(verdict_.pressures, (Pressures{.disk = true}));
  EXPECT_EQ(reclaim({{Signal::NodeFsAvailable, 99}, {Signal::MemoryAvailable, 99}}),
            "memory.available nodefs.available");
  EXPECT_EQ(reclaim({}), "") << "what is not known is not acted on";
}

TEST_F(Judge, APressureOutlivesItsCauseByItsTime) {
  config({.hard = "pid.available<10%"});
  EXPECT_EQ(reclaim({{Signal::PidAvailable, 50}}), "pid.available");
  EXPECT_TRUE(verdict_.pressures.pids);
  pass(minutes(4));
  EXPECT_EQ(reclaim({{Signal::PidAvailable, 500}}), "");
  EXPECT_TRUE(verdict_.pressures.pids) << "a node that comes and goes helps nobody";
  pass(minutes(1));
  EXPECT_EQ(reclaim({{Signal::PidAvailable, 500}}), "");
  EXPECT_FALSE(verdict_.pressures.any());
}

TEST_F(Judge, ASoftThresholdSaysPressureAtOnceAndActsAfterItsGracePeriod) {
  config({.hard = "", .soft = "memory.available<200", .soft_grace_period = "memory.available=30s"});
  EXPECT_EQ(reclaim({{Signal::MemoryAvailable, 150}}), "");
  EXPECT_TRUE(verdict_.pressures.memory);
  pass(seconds(29));
  EXPECT_EQ(reclaim({{Signal::MemoryAvailable, 150}}), "");
  pass(seconds(1));
  EXPECT_EQ(reclaim({{Signal::MemoryAvailable, 150}}), "memory.available");
  EXPECT_EQ(reclaim({{Signal::MemoryAvailable, 250}}), "");
  EXPECT_EQ(reclaim({{Signal::MemoryAvailable, 150}}), "") << "it begins anew";
}

TEST_F(Judge, GoesOnUntilWhatIsToBeReclaimedIsThere) {
  config({.hard = "nodefs.available<10%", .minimum_reclaim = "nodefs.available=5%"});
  EXPECT_EQ(reclaim({{Signal::NodeFsAvailable, 120}}), "") << "only once it was below";
  EXPECT_EQ(reclaim({{Signal::NodeFsAvailable, 90}}), "nodefs.available");
  EXPECT_EQ(reclaim({{Signal::NodeFsAvailable, 120}}), "nodefs.available");
  EXPECT_FALSE(relieved_);
  EXPECT_EQ(reclaim({{Signal::NodeFsAvailable, 150}}), "");
  EXPECT_TRUE(relieved_);
  EXPECT_EQ(reclaim({{Signal::NodeFsAvailable, 120}}), "");
}

TEST(Observations, AreTheNumbersOfTheSummary) {
  stats::v1alpha1::Summary summary;
  summary.node.memory.ensure().availableBytes = 30;
  summary.node.memory->workingSetBytes = 70;
  auto& pods = summary.node.systemContainers.emplace_back();
  pods.name = "pods";
  pods.memory.ensure().availableBytes = 5;
  pods.memory->workingSetBytes = 15;
  summary.node.fs.ensure().availableBytes = 40;
  summary.node.fs->capacityBytes = 400;
  summary.node.rlimit.ensure().maxpid = 1000;
  summary.node.rlimit->curproc = 900;
  const auto seen = observations_of(summary);
  ASSERT_EQ(seen.size(), 4u) << "that file system counts no inodes, and images have none of their own";
  EXPECT_EQ(seen.at(Signal::MemoryAvailable).available.value(), 30);
  EXPECT_EQ(seen.at(Signal::MemoryAvailable).capacity, 100);
  EXPECT_EQ(seen.at(Signal::AllocatableMemoryAvailable).capacity, 20);
  EXPECT_EQ(seen.at(Signal::NodeFsAvailable).available.value(), 40);
  EXPECT_EQ(seen.at(Signal::PidAvailable).available.value(), 100);
}

}  // namespace
}  // namespace mizzen::kubelet
