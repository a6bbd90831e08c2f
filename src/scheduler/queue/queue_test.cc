#include "scheduler/queue/queue.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scheduler/run/metrics.h"
#include "scheduler/state/cluster_state.h"
#include "scheduler/testing/objects.h"

namespace mizzen::scheduler {
namespace {

using testing::make_pod;

class QueueTest : public ::testing::Test {
 protected:
  PodInfoPtr pod(const std::string& name, const std::string& spec = "{}") {
    return std::make_shared<const PodInfo>(make_pod(name, spec));
  }
  std::string pop() {
    const auto p = queue_.pop(now_);
    return p ? p->pod->metadata.name : "";
  }
  PendingPods queue_;
  Monotonic now_{std::chrono::hours(1)};
};

TEST_F(QueueTest, PriorityThenAge) {
  queue_.set(pod("a"), false, now_);
  queue_.set(pod("b"), false, now_ + std::chrono::seconds(1));
  queue_.set(pod("c", R"({"priority":5})"), false, now_ + std::chrono::seconds(2));
  std::string seen;
  for (int i = 0; i < 4; ++i) seen += pop();  // one after the other: operands of + have no order
  EXPECT_EQ(seen, "cab");
}

TEST_F(QueueTest, RejectedPodsComeBackOnChangesThatMatterOrAfterFiveMinutes) {
  queue_.rejected(pod("a"), kNodeTaints, now_);
  EXPECT_EQ(pop(), "");
  queue_.changed(kPodGone, now_);
  EXPECT_EQ(pop(), "");
  queue_.changed(kNodeTaints, now_);
  EXPECT_EQ(pop(), "a") << "early, as nothing else is ready";
  queue_.rejected(pod("a"), kNodeTaints, now_);
  EXPECT_EQ(queue_.next_due(), now_ + PendingPods::kUnschedulableMax);
  now_ += PendingPods::kUnschedulableMax;
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, BackingOffPodsLetReadyOnesPass) {
  queue_.rejected(pod("a", R"({"priority":5})"), kNodeTaints, now_);
  queue_.changed(kNodeTaints, now_);
  queue_.set(pod("b"), false, now_);
  EXPECT_EQ(pop(), "b");
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, FailuresBackOffFromOneToTenSeconds) {
  const auto p = pod("a");
  for (const int seconds : {1, 2, 4, 8, 10, 10}) {
    queue_.failed(p, now_);
    EXPECT_EQ(queue_.next_due(), now_ + std::chrono::seconds(seconds));
    EXPECT_EQ(pop(), "");
    now_ += std::chrono::seconds(seconds);
    EXPECT_EQ(pop(), "a");
  }
}

TEST_F(QueueTest, GatesHoldPods) {
  queue_.set(pod("a", R"({"schedulingGates":[{"name":"g"}]})"), false, now_);
  EXPECT_EQ(pop(), "");
  queue_.changed(kAnyChange, now_);
  EXPECT_EQ(pop(), "");
  queue_.set(pod("a"), true, now_);
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, WhereFromAndWhyPodsCameIsCounted) {
  queue_.set(pod("a"), false, now_);
  queue_.set(pod("g", R"({"schedulingGates":[{"name":"g"}]})"), false, now_);
  EXPECT_EQ(queue_.waiting(), (std::array<size_t, 4>{1, 0, 0, 1}));
  EXPECT_EQ(pop(), "a");
  queue_.rejected(pod("a"), kNodeTaints, now_);
  EXPECT_EQ(queue_.waiting(), (std::array<size_t, 4>{0, 0, 1, 1}));
  queue_.changed(kNodeTaints, now_);
  EXPECT_EQ(queue_.waiting(), (std::array<size_t, 4>{0, 1, 0, 1}));
  EXPECT_EQ(queue_.attempts(pod("a")->uid()), 1);
  std::vector<Metrics::Sample> samples;
  incoming_samples(queue_, samples);
  std::string text;
  for (const auto& s : samples) text += fmt::format("{} {} {}\n", s.values[0], s.values[1], s.value);
  EXPECT_EQ(text,
            "active UnschedulablePodAdd 1\nbackoff ClusterChange 1\nunschedulable ScheduleAttemptFailure 1\n"
            "gated UnschedulablePodAdd 1\n");
}

TEST_F(QueueTest, RemovedPodsAreGone) {
  const auto p = pod("a");
  queue_.set(p, false, now_);
  queue_.remove(p->uid());
  EXPECT_EQ(pop(), "");
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(QueueTest, APodThatChangesWhileItIsDecidedOnStandsInOnePlace) {
  queue_.set(pod("a"), false, now_);
  ASSERT_EQ(pop(), "a");
  queue_.set(pod("a"), false, now_);
  queue_.rejected(pod("a"), kNodeTaints, now_);
  EXPECT_EQ(queue_.waiting(), (std::array<size_t, PendingPods::kQueues>{0, 0, 1, 0}));
  EXPECT_EQ(pop(), "");
  queue_.set(pod("a"), false, now_);
  queue_.failed(pod("a"), now_);
  EXPECT_EQ(queue_.waiting(), (std::array<size_t, PendingPods::kQueues>{0, 1, 0, 0}));
}

}  // namespace
}  // namespace mizzen::scheduler
