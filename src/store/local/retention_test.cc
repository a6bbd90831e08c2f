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

TEST(Retention, NothingNewNothingToDo) {
  Retention retention({.revisions_min = 0}, kStart, Revision(50));
  EXPECT_EQ(retention.due(after(5), Revision(50), Revision(0), kLittle, kLittle), Revision(50));
  EXPECT_EQ(retention.due(after(10), Revision(50), Revision(50), kLittle, kLittle), std::nullopt);
}

}  // namespace
}  // namespace mizzen::store
