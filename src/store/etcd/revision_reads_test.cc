#include "store/etcd/revision_reads.h"

#include <gtest/gtest.h>

#include "async/stop.h"
#include "store/contract/errors.h"

namespace mizzen::store::etcd {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

Deadline soon() { return Deadline::after(20s, real_clock()); }

TEST(Rounds, WhoComesWhileOneIsUnderWayWaitsForTheNext) {
  Rounds<std::string> rounds;
  EXPECT_TRUE(rounds.join("a")) << "nobody else begins it";
  EXPECT_FALSE(rounds.join("b")) << "a begins it";
  EXPECT_EQ(rounds.begin(), (Names{"a", "b"}));
  EXPECT_FALSE(rounds.join("c")) << "what is under way may have been answered already";
  EXPECT_FALSE(rounds.join("d"));
  EXPECT_EQ(rounds.waiting(), 2u);
  EXPECT_TRUE(rounds.end());
  EXPECT_EQ(rounds.begin(), (Names{"c", "d"}));
  EXPECT_FALSE(rounds.end()) << "nobody waits";
  EXPECT_TRUE(rounds.join("e"));
}

/// An etcd that answers when the test lets it, with a revision that the test sets.
class Gate {
 public:
  Result<Revision> read(Deadline deadline) {
    Lock lock(m_);
    ++arrived_;
    changed_.notify_all();
    const size_t mine = arrived_;
    while (let_through_ < mine) {
      if (!changed_.wait_until(m_, deadline) && deadline.expired()) return timed_out();
    }
    if (error_) return *error_;
    return revision_;
  }
  void wait_arrived(size_t n) {
    Lock lock(m_);
    while (arrived_ < n) ASSERT_TRUE(changed_.wait_until(m_, soon())) << "no read came";
  }
  void let_through(size_t n, Revision revision, std::optional<Error> error = {}) {
    Lock lock(m_);
    let_through_ = n;
    revision_ = revision;
    error_ = std::move(error);
    changed_.notify_all();
  }

 private:
  Mutex m_;
  CondVar changed_;
  size_t arrived_ MZ_GUARDED_BY(m_) = 0;
  size_t let_through_ MZ_GUARDED_BY(m_) = 0;
  Revision revision_ MZ_GUARDED_BY(m_);
  std::optional<Error> error_ MZ_GUARDED_BY(m_);
};

/// Collects answers: their revision, or the code of the error as a negative number.
class Answers {
 public:
  RevisionReads::Done taker() {
    return [this](const Result<Revision>& r) {
      Lock lock(m_);
      got_.push_back(r.ok() ? r->get() : -static_cast<int64_t>(r.error().code()));
      changed_.notify_all();
    };
  }
  std::vector<int64_t> wait(size_t n) {
    Lock lock(m_);
    while (got_.size() < n && changed_.wait_until(m_, soon())) {
    }
    return got_;
  }

 private:
  Mutex m_;
  CondVar changed_;
  std::vector<int64_t> got_ MZ_GUARDED_BY(m_);
};

class RevisionReadsTest : public testing::Test {
 protected:
  Gate gate_;
  Answers answers_;
  RevisionReads reads_{real_clock(), [this](Deadline d) { return gate_.read(d); }};
};

TEST_F(RevisionReadsTest, ManyShareTheNextReadAndNobodyTheOneUnderWay) {
  reads_.ask(soon(), answers_.taker());
  gate_.wait_arrived(1);
  // From here on revision 8 may be acknowledged, which the read under way may not have seen.
  for (int i = 0; i < 200; ++i) reads_.ask(soon(), answers_.taker());
  gate_.let_through(1, Revision(7));
  EXPECT_EQ(answers_.wait(1), std::vector<int64_t>{7});
  gate_.wait_arrived(2);
  gate_.let_through(2, Revision(8));
  std::vector<int64_t> all(200, 8);
  all.insert(all.begin(), 7);
  EXPECT_EQ(answers_.wait(201), all);
  EXPECT_EQ(reads_.sent(), 2u);
}

TEST_F(RevisionReadsTest, AnErrorIsToldToAllWhoShareItAndToNobodyElse) {
  reads_.ask(soon(), answers_.taker());
  gate_.wait_arrived(1);
  reads_.ask(soon(), answers_.taker());
  gate_.let_through(1, Revision(), unavailable("gone"));
  EXPECT_EQ(answers_.wait(1), std::vector<int64_t>{-static_cast<int64_t>(Code::ServiceUnavailable)});
  gate_.wait_arrived(2);
  gate_.let_through(2, Revision(9));
  EXPECT_EQ(answers_.wait(2).back(), 9);
}

TEST_F(RevisionReadsTest, WhoMayNotWaitLongerIsToldInTime) {
  reads_.ask(soon(), answers_.taker());
  gate_.wait_arrived(1);
  const Monotonic before = real_clock().monotonic();
  const auto late = reads_.ask(Deadline::after(50ms, real_clock()));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), Code::Timeout);
  EXPECT_LT(real_clock().monotonic() - before, 2s) << "though the read before is still under way";
  gate_.let_through(9, Revision(7));
  EXPECT_EQ(answers_.wait(1), std::vector<int64_t>{7});
}

TEST_F(RevisionReadsTest, AHastyAskerTakesNothingFromAPatientOne) {
  reads_.ask(soon(), answers_.taker());
  gate_.wait_arrived(1);
  Answers hasty;
  reads_.ask(Deadline::after(1ms, real_clock()), hasty.taker());
  reads_.ask(soon(), answers_.taker());
  gate_.let_through(1, Revision(7));
  gate_.wait_arrived(2);
  (void)StopToken().wait_until(Deadline::after(20ms, real_clock()));
  gate_.let_through(2, Revision(8));
  EXPECT_EQ(answers_.wait(2), (std::vector<int64_t>{7, 8}));
}

TEST_F(RevisionReadsTest, AReadThatHangsIsSentAgainForThoseWhoMayWait) {
  reads_.ask(soon(), answers_.taker());
  Answers hasty;
  reads_.ask(Deadline::after(RevisionReads::kReadMax / 2, real_clock()), hasty.taker());
  gate_.wait_arrived(2);  // the first was given up
  gate_.let_through(2, Revision(7));
  EXPECT_EQ(hasty.wait(1), std::vector<int64_t>{-static_cast<int64_t>(Code::Timeout)});
  EXPECT_EQ(answers_.wait(1), std::vector<int64_t>{7});
}

TEST(RevisionReads, WhoWaitsWhenItEndsIsTold) {
  Gate gate;
  Answers answers;
  std::optional<RevisionReads> reads;
  reads.emplace(real_clock(), [&](Deadline d) { return gate.read(d); });
  reads->ask(soon(), answers.taker());
  gate.wait_arrived(1);
  reads->ask(soon(), answers.taker());
  Thread ends("ends", [&] { reads.reset(); });
  gate.let_through(9, Revision(7));
  ends.join();
  const auto got = answers.wait(2);
  ASSERT_EQ(got.size(), 2u) << "with a revision, or that the store stops";
  EXPECT_EQ(got.front(), 7);
}

}  // namespace
}  // namespace mizzen::store::etcd
