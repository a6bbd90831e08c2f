#include "store/etcd/backlog.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/contract/errors.h"

namespace mizzen::store::etcd {
namespace {

/// An etcd with one event at each revision: of /a/ at even ones, of /b/ at odd ones.
class BacklogTest : public testing::Test {
 protected:
  static Committed event(int64_t revision, size_t bytes) {
    Committed out;
    out.event.kv.key = fmt::format("/{}/{}", revision % 2 == 0 ? "a" : "b", revision);
    out.event.kv.value = make_bytes(std::string(bytes, 'x'));
    out.event.kv.mod_revision = Revision(revision);
    return out;
  }
  Result<void> follow(Revision from, const Backlog::Take& take) {
    if (from < oldest_) return compacted();
    if (!take(Revision(from.get() - 1), {})) return {};
    for (int64_t r = from.get();; ++r) {
      told_ = r;
      if (!take(Revision(r), {event(r, bytes_)})) return {};
    }
  }
  /// The first and last revision of a chunk and how many events it has.
  std::vector<int64_t> read(int64_t from, const char* prefix, int64_t target) {
    const auto chunk = backlog_.read(Revision(from), KeyRange::prefix(prefix), Revision(target));
    if (!chunk.ok()) return {};
    through_ = chunk->through.get();
    if (chunk->events.empty()) return {0};
    return {chunk->events.front().event.kv.mod_revision.get(),
            chunk->events.back().event.kv.mod_revision.get(), static_cast<int64_t>(chunk->events.size())};
  }
  using Numbers = std::vector<int64_t>;

  Revision oldest_{1};
  size_t bytes_ = 1;
  int64_t told_ = 0;
  int64_t through_ = 0;
  Backlog backlog_{[this](Revision from, const Backlog::Take& take) { return follow(from, take); }};
};

TEST_F(BacklogTest, ThousandsWhoResumeShareOneRead) {
  for (int64_t from = 5'000; from > 4'000; --from) {
    EXPECT_EQ(read(from, from % 2 == 0 ? "/a/" : "/b/", 6'000).front(), from);
    EXPECT_EQ(through_, 6'000);
  }
  EXPECT_EQ(backlog_.reads(), 1u);
  EXPECT_EQ(told_, 6'000) << "no more than asked";
}

TEST_F(BacklogTest, WhatComesNextIsAdded) {
  EXPECT_EQ(read(2'001, "/a/", 2'100), (Numbers{2'002, 2'100, 50}));
  EXPECT_EQ(read(2'101, "/a/", 2'200), (Numbers{2'102, 2'200, 50}));
  EXPECT_EQ(read(2'001, "/a/", 2'200), (Numbers{2'002, 2'200, 100})) << "and the older is still there";
  EXPECT_EQ(backlog_.reads(), 2u);
}

TEST_F(BacklogTest, LongHistoryComesInChunksOfWholeRevisions) {
  EXPECT_EQ(read(2'001, "/", 4'000), (Numbers{2'001, 3'000, 1'000}));
  EXPECT_EQ(through_, 3'000);
  EXPECT_EQ(read(3'001, "/", 4'000), (Numbers{3'001, 4'000, 1'000}));
  EXPECT_EQ(read(2'001, "/none/", 4'000), Numbers{0});
  EXPECT_EQ(through_, 4'000) << "nothing is progress too";
}

TEST_F(BacklogTest, ItHoldsNoMoreThanItsBounds) {
  bytes_ = 64 << 10;
  EXPECT_EQ(read(2'001, "/", 9'000).front(), 2'001) << "however much stands before it";
  EXPECT_LE(told_, 2'001 + 512) << "32 MiB of them";
  const int64_t next = through_ + 1;
  EXPECT_EQ(read(next, "/", 9'000).front(), next) << "and on from there";
}

TEST_F(BacklogTest, WhatIsCompactedIsSaidAndWhatIsNotIsRead) {
  oldest_ = Revision(1'990);
  EXPECT_TRUE(read(1'980, "/a/", 2'100).empty());
  EXPECT_EQ(read(2'001, "/a/", 2'100), (Numbers{2'002, 2'100, 50})) << "though not from earlier on";
  backlog_.forget();
  oldest_ = Revision(2'050);
  EXPECT_TRUE(read(2'001, "/a/", 2'100).empty());
}

}  // namespace
}  // namespace mizzen::store::etcd
