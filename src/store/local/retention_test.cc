#include "store/local/retention.h"

#include <gtest/gtest.h>

namespace mizzen::store {
namespace {

constexpr uint64_t kLittle = 1;
const Monotonic kStart{std::chrono::hours(1)};

Monotonic after(int minutes) { return kStart + std::chrono::minutes(minutes); }

TEST(Retention, CompactsToWhereItStoodOnePeriodAgo) {
  Retention retention({.revisions_min = 10}, kStart, Revision(100));
  EXPECT_EQ(retention.due(after(4), Revision(500), Revision(0), kLittle, kLittle), std::nullopt);
  EXPECT_EQ(retention.due(after(5), Revision(600), Revision(0), kLittle, kLittle), Revision(100));
  EXPECT_EQ(retention.due(after(9), Revision(900), Revision(100), kLittle, kLittle), std::nullopt);
  EXPECT_EQ(retention.due(after(10), Revision(950), Revision(100), kLittle, kLittle), Revision(600));
}

TEST(Retention, AlwaysKeepsTheNewestRevisions) {
  Retention retention({.revisions_min = 1000}, kStart, Revision(500));
  EXPECT_EQ(retention.due(after(5), Revision(600), Revision(0), kLittle, kLittle), std::nullopt);
  EXPECT_EQ(retention.due(after(10), Revision(1200), Revision(0), kLittle, kLittle), Revision(200));
}

TEST(Retention, HistoryMayNotOutgrowHalfOfTheData) {
  Retention retention({.revisions_min = 10, .history_bytes_min = 100}, kStart, Revision(1));
  EXPECT_EQ(retention.due(after(1), Revision(500), Revision(0), 100, 50), std::nullopt);
  EXPECT_EQ(retention.due(after(1), Revision(500), Revision(0), 101, 50), Revision(490));
  EXPECT_EQ(retention.due(after(1), Revision(500), Revision(0), 499, 1000), std::nullopt);
  EXPECT_EQ(retention.due(after(1), Revision(500), Revision(0), 501, 1000), Revision(490));
}

TEST(Retention, WhateverIsNewestStaysReadableForTheWholePeriod) {
  // Looked at in irregular steps, as a store does that wakes for leases, with and without changes between.
  const RetentionOptions options{.revisions_min = 0};
  for (const int step_seconds : {1, 7, 59, 61, 299, 301}) {
    Retention retention(options, kStart, Revision(1));
    Revision current(1), compacted(0);
    std::vector<std::pair<Monotonic, Revision>> newest;  // at each look
    for (int i = 0; i * step_seconds < 3'600; ++i) {
      const Monotonic now = kStart + std::chrono::seconds(i * step_seconds);
      if (i % 3 != 0) current = Revision(current.get() + i % 5);
      newest.emplace_back(now, current);
      compacted = retention.due(now, current, compacted, kLittle, kLittle).value_or(compacted);
      for (const auto& [then, revision] : newest)
        if (now - then <= options.keep) {
          ASSERT_GE(revision, compacted) << "every " << step_seconds << " s, look " << i;
        }
    }
    EXPECT_GT(compacted.get(), 1) << "and it does compact";
  }
}

TEST(Retention, NothingNewNothingToDo) {
  Retention retention({.revisions_min = 0}, kStart, Revision(50));
  EXPECT_EQ(retention.due(after(5), Revision(50), Revision(0), kLittle, kLittle), Revision(50));
  EXPECT_EQ(retention.due(after(10), Revision(50), Revision(50), kLittle, kLittle), std::nullopt);
}

}  // namespace
}  // namespace mizzen::store
