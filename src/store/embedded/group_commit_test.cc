#include "store/embedded/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>

#include "async/thread.h"

namespace mizzen::store {
namespace {

/// A commit function that a test can hold up, and that numbers what it commits.
class SlowDisk {
 public:
  void commit(GroupCommit::Group group) {
    Lock lock(m_);
    ++groups_;
    inside_ = true;
    changed_.notify_all();
    while (held_) changed_.wait(m_);
    inside_ = false;
    for (const auto& item : group) {
      TxnResult result;
      result.revision = Revision(++revision_);
      item->result = result;
    }
  }
  void hold() {
    Lock lock(m_);
    held_ = true;
  }
  void release() {
    Lock lock(m_);
    held_ = false;
    changed_.notify_all();
  }
  void wait_inside() {
    Lock lock(m_);
    while (!inside_) changed_.wait(m_);
  }
  int groups() {
    Lock lock(m_);
    return groups_;
  }

 private:
  Mutex m_;
  CondVar changed_;
  bool held_ MZ_GUARDED_BY(m_) = false;
  bool inside_ MZ_GUARDED_BY(m_) = false;
  int groups_ MZ_GUARDED_BY(m_) = 0;
  int64_t revision_ MZ_GUARDED_BY(m_) = 0;
};

class GroupCommitTest : public testing::Test {
 protected:
  using Options = GroupCommit::Options;
  std::function<void(GroupCommit::Group)> commit() {
    return [this](GroupCommit::Group group) { disk_.commit(group); };
  }
  SlowDisk disk_;
  ThreadPool pool_{real_clock(), {.name = "test", .threads_max = 1}};
};

TEST_F(GroupCommitTest, WhatWaitsGoesTogether) {
  GroupCommit commits(pool_, commit(), Options{});
  disk_.hold();
  std::atomic<int> done{0};
  commits.submit({}, Deadline::never(), [&](Result<TxnResult>) { ++done; });
  disk_.wait_inside();
  for (int i = 0; i < 100; ++i) commits.submit({}, Deadline::never(), [&](Result<TxnResult>) { ++done; });
  disk_.release();
  commits.stop();
  EXPECT_EQ(done, 101);
  EXPECT_EQ(disk_.groups(), 2);
}

TEST_F(GroupCommitTest, CallersAndSubmittersMix) {
  GroupCommit commits(pool_, commit(), Options{});
  std::atomic<int> done{0};
  constexpr int kThreads = 6, kRounds = 500;
  {
    std::vector<Thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back("caller", [&] {
        for (int i = 0; i < kRounds; ++i) {
          if (i % 3 == 0) {
            commits.submit({}, Deadline::never(),
                           [&](Result<TxnResult> result) { done += result.ok() ? 1 : 0; });
          } else {
            done += commits.run({}, Deadline::never()).ok() ? 1 : 0;
          }
        }
      });
    }
  }
  commits.stop();
  EXPECT_EQ(done, kThreads * kRounds);
}

TEST_F(GroupCommitTest, ADeadlineInTheQueueIsKept) {
  GroupCommit commits(pool_, commit(), Options{});
  disk_.hold();
  commits.submit({}, Deadline::never(), [](Result<TxnResult>) {});
  disk_.wait_inside();
  const Result<TxnResult> late =
      commits.run({}, Deadline::after(std::chrono::milliseconds(20), real_clock()));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), Code::Timeout);
  disk_.release();
  EXPECT_TRUE(commits.run({}, Deadline::never()).ok());
  commits.stop();
}

TEST_F(GroupCommitTest, AFullQueueRefuses) {
  GroupCommit commits(pool_, commit(), Options{.queue_max = 3});
  disk_.hold();
  std::atomic<int> ok{0}, refused{0};
  const auto count = [&](Result<TxnResult> result) { ++(result.ok() ? ok : refused); };
  commits.submit({}, Deadline::never(), count);
  disk_.wait_inside();
  for (int i = 0; i < 5; ++i) commits.submit({}, Deadline::never(), count);
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(commits.run({}, Deadline::never()).error().code(), Code::TooManyRequests);
  disk_.release();
  commits.stop();
  EXPECT_EQ(ok, 4);
  EXPECT_EQ(commits.run({}, Deadline::never()).error().code(), Code::ServiceUnavailable);
}

}  // namespace
}  // namespace mizzen::store
