#include "pki/renewed_pair.h"

#include <gtest/gtest.h>

#include <atomic>

#include "async/stop.h"
#include "pki/authority.h"

namespace mizzen::pki {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr Duration kLife = hours(24 * 100);

TEST(RenewalTime, IsBetween70And90PercentOfLife) {
  CertificateInfo c;
  c.not_before = WallTime(hours(1000));
  c.not_after = c.not_before + hours(100);
  const auto after = [&](double chance) {
    return std::chrono::round<std::chrono::minutes>(renewal_time(c, chance) - c.not_before);
  };
  EXPECT_EQ(after(0), hours(70));
  EXPECT_EQ(after(0.5), hours(80));
  EXPECT_EQ(after(1), hours(90));
}

/// Time is moved by hand.
class RenewedPairTest : public ::testing::Test {
 protected:
  ~RenewedPairTest() override {
    pair_->stop();
    timers_.stop();
    pool_.stop();
  }
  Result<KeyPair> issue() {
    ++asked_;
    if (broken_) return Error(Code::ServiceUnavailable, "no authority");
    const Duration life = kLife - kClockTolerance;
    return authority_->issue({.common_name = "n", .client = true, .lifetime = life}, clock_.wall());
  }
  void start() {
    pair_ = std::make_unique<RenewedPair>(Runtime{clock_, random_, pool_, timers_},
                                          RenewedPair::Options{"n", [this] { return issue(); }}, *issue());
    pair_->follow([this](const KeyPair& now) {
      EXPECT_EQ(now.certificate_pem, pair_->pair().certificate_pem);
      ++told_;
    });
    pair_->start();
    asked_ = 0;
  }
  /// Returns once what is due has been done.
  void pass(Duration d) {
    clock_.advance(d);
    timers_.after(-d - Duration(1), [] {});  // before all that is due: the timers look at the clock
    for (int i = 0; i < 2; ++i) {            // what the first look set may be due
      StopSource done;
      timers_.after(Duration::zero(), [&] { done.stop(); });
      ASSERT_TRUE(done.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
    }
  }

  ManualClock clock_;
  SeededRandom random_{7};
  ThreadPool pool_{real_clock(), {.threads_max = 1}};
  Timers timers_{pool_, clock_};
  Result<Authority> authority_ = Authority::create("ca", clock_.wall());
  std::atomic<int> asked_ = 0, told_ = 0;
  std::atomic<bool> broken_ = false;
  std::unique_ptr<RenewedPair> pair_;
};

TEST_F(RenewedPairTest, IsRenewedAgainAndAgainBeforeItExpires) {
  start();
  const std::string first = pair_->pair().certificate_pem;
  int days = 0;
  while (told_ == 0 && days < 100) pass(hours(24)), ++days;
  EXPECT_GE(days, 70);
  EXPECT_LE(days, 90);
  EXPECT_NE(pair_->pair().certificate_pem, first);
  while (told_ == 1 && days < 200) pass(hours(24)), ++days;
  EXPECT_EQ(told_, 2);
  EXPECT_LE(days, 180);
  EXPECT_EQ(asked_, 2) << "only when it is time";
}

TEST_F(RenewedPairTest, WhatCannotBeIssuedIsTriedAgainAndTheOldOneStays) {
  start();
  const std::string first = pair_->pair().certificate_pem;
  broken_ = true;
  for (int i = 0; i < 91 * 24; ++i) pass(hours(1));
  EXPECT_GE(asked_, 1);
  EXPECT_EQ(told_, 0);
  EXPECT_EQ(pair_->pair().certificate_pem, first);
  broken_ = false;
  pass(RenewedPair::kAgainAfter);
  EXPECT_EQ(told_, 1);
}

TEST_F(RenewedPairTest, NobodyIsToldOnceItHasStopped) {
  start();
  pair_->stop();
  for (int i = 0; i < 5; ++i) pass(kLife);
  EXPECT_EQ(asked_, 0);
}

// Its certificates are cut to the authority's end: their lives get shorter and shorter.
TEST_F(RenewedPairTest, TheEndOfTheAuthorityIsNoStorm) {
  authority_ = Authority::create("ca", clock_.wall(), hours(24 * 10));
  start();
  for (int i = 0; i < 24 * 60; ++i) pass(std::chrono::minutes(10));
  EXPECT_LE(asked_, 24 * 60) << "at most one a look";
  const int before = asked_;
  for (int i = 0; i < 100; ++i) pass(milliseconds(1));
  EXPECT_LE(asked_, before + 2);
}

}  // namespace
}  // namespace mizzen::pki
