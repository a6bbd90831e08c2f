#include "store/contract/pages.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/contract/errors.h"
#include "store/memory/memory_store.h"
#include "store/testing/calls.h"
#include "store/testing/flaky_store.h"

namespace mizzen::store {
namespace {

using namespace calls;

TEST(PageSize, FollowsTheBytes) {
  PageSize size;
  EXPECT_EQ(size.keys(), PageSize::kFirst);
  size.took(512, 512 * 100);
  EXPECT_EQ(size.keys(), 2048) << "four times as many at most";
  size.took(2048, 2048 * 100);
  EXPECT_EQ(size.keys(), PageSize::kKeysMax);
  size.took(5000, 5000 * 4096);
  EXPECT_EQ(size.keys(), 1024) << "4 MiB of them";
  size.took(10, 10u << 20);
  EXPECT_EQ(size.keys(), 4);
  size.took(1, 8u << 20);
  EXPECT_EQ(size.keys(), 1) << "one key always";
  size.took(0, 0);
  EXPECT_EQ(size.keys(), 1);
  EXPECT_FALSE(size.halve());
}

class PagesTest : public testing::Test {
 protected:
  void fill(int n, size_t bytes = 10) {
    for (int i = 0; i < n; ++i) put(memory_, fmt::format("/a/{:05}", i), std::string(bytes, 'x'));
  }
  /// Keys of all pages together; `pages_` says how long each was.
  std::vector<std::string> read(Pages& pages) {
    std::vector<std::string> out;
    for (;;) {
      const auto page = pages.next(soon());
      EXPECT_TRUE(page.ok()) << page.error().message();
      if (!page.ok() || !*page) return out;
      for (const KeyValue& kv : (*page)->kvs) out.push_back(kv.key);
      pages_.push_back((*page)->kvs.size());
    }
  }
  static RangeRequest all() { return {.range = KeyRange::prefix("/a/"), .count_rest = false}; }

  MemoryStore memory_{{.clock = real_clock()}};
  FlakyStore store_{memory_};
  std::vector<size_t> pages_;
};

TEST_F(PagesTest, AllPagesShowOneRevisionWhateverIsWrittenBetweenThem) {
  fill(3000);
  const Revision then = now(memory_);
  int reads = 0;
  store_.before_range([&](const RangeRequest& request) -> Result<void> {
    EXPECT_LE(request.limit, PageSize::kKeysMax);
    EXPECT_GT(request.limit, 0);
    if (++reads == 1) return {};
    // Before the place it has got to, and after it.
    put(memory_, fmt::format("/a/00000-{}", reads), "new");
    put(memory_, fmt::format("/a/99999-{}", reads), "new");
    erase(memory_, "/a/02999");
    return {};
  });
  Pages pages(store_, all());
  const auto keys = read(pages);
  EXPECT_EQ(keys.size(), 3000u);
  EXPECT_EQ(keys.back(), "/a/02999");
  EXPECT_EQ(pages.revision(), then);
  EXPECT_EQ(pages_, (std::vector<size_t>{512, 2048, 440}));
}

TEST_F(PagesTest, NoPageIsLongerThanAsked) {
  fill(25);
  RangeRequest request = all();
  request.limit = 10;
  Pages pages(store_, request);
  EXPECT_EQ(read(pages).size(), 25u);
  EXPECT_EQ(pages_, (std::vector<size_t>{10, 10, 5}));
}

TEST_F(PagesTest, BigValuesComeInShortPages) {
  fill(600, 64 << 10);
  Pages pages(store_, all());
  EXPECT_EQ(read(pages).size(), 600u);
  EXPECT_EQ(pages_, (std::vector<size_t>{512, 63, 25})) << "4 MiB by what the first page showed";
}

TEST_F(PagesTest, AnAnswerThatIsTooLargeIsAskedForInPieces) {
  fill(300);
  store_.before_range([&](const RangeRequest& request) -> Result<void> {
    if (request.limit > 100) return answer_too_large();
    return {};
  });
  Pages pages(store_, all());
  EXPECT_EQ(read(pages).size(), 300u);
  EXPECT_EQ(pages_.front(), 64u) << "512 halved until it fits";
  store_.before_range([](const RangeRequest&) -> Result<void> { return answer_too_large(); });
  Pages never(store_, all());
  EXPECT_FALSE(never.next(soon()).ok()) << "one key alone is too large";
}

TEST_F(PagesTest, ACompactionBetweenTwoPagesIsSaid) {
  fill(600);
  Pages pages(store_, all());
  ASSERT_TRUE(pages.next(soon()).ok());
  put(memory_, "/a/00000", "new");
  ASSERT_TRUE(memory_.compact(now(memory_), soon()).ok());
  const auto second = pages.next(soon());
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(is_compacted(second.error()));
}

TEST_F(PagesTest, NothingIsOneEmptyPage) {
  put(memory_, "/b", "elsewhere");
  Pages pages(store_, all());
  EXPECT_TRUE(read(pages).empty());
  EXPECT_EQ(pages_, std::vector<size_t>{0});
  EXPECT_EQ(pages.revision(), now(memory_));
}

}  // namespace
}  // namespace mizzen::store
