#include "apiserver/cache/cache.h"

#include "apiserver/testing/cache_fixture.h"
#include "apiserver/testing/turn_lane.h"
#include "async/stop.h"

namespace mizzen::apiserver::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(CacheTest, ALostFeedEndsEveryWatcherAndNothingStaleIsCalledFresh) {
  start();
  const auto before = put("n/a");
  auto w = std::make_shared<Watcher>();
  watch(w, before);
  flaky_.set_away(true);
  flaky_.lose_feed(Error(Code::ServiceUnavailable, "gone"));
  const auto ended = w->wait_end();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code(), Code::Expired);
  const auto after = put("n/b");
  EXPECT_LT(cache_->revision(), after) << "progress stands still";
  EXPECT_FALSE(cache_->wait_for(before, Deadline::after(50ms, real_clock())).ok())
      << "while nothing is loaded, nothing is fresh";
  on_lane([&] {
    const auto refused = cache_->subscribe(lane_, {}, {before, false, false}, std::make_shared<Watcher>());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Code::ServiceUnavailable);
  });
  flaky_.set_away(false);
  ASSERT_TRUE(cache_->wait_for(after, Deadline::after(10s, real_clock())).ok());
  EXPECT_TRUE(cache_->find("n/b"));
  EXPECT_EQ(cache_->stats().loads, 2u);
  EXPECT_LT(flaky_.ranges_refused(), 20u) << "it waits between its tries";
  // From before the loss a watcher still gets everything: the store remembers.
  auto again = std::make_shared<Watcher>();
  watch(again, before);
  EXPECT_EQ(again->wait(1), std::vector<std::string>{fmt::format("ADDED n/b={}", after)});
}

TEST_F(CacheTest, LoadsByPagesAtOneRevisionWhileWritesGoOn) {
  start();
  for (int i = 0; i < 1'500; ++i) put(fmt::format("n/c{:04}", i));
  const auto before = put("n/c0000", "old");
  int pages = 0;
  flaky_.before_range([&](const store::RangeRequest& request) -> Result<void> {
    EXPECT_GT(request.limit, 0) << "never everything at once";
    EXPECT_EQ(request.revision.get(), pages == 0 ? 0 : before) << "all as of one revision";
    if (++pages == 1) return {};
    put("n/c0000", "new");  // before the place it has got to
    put("n/c9999", "new");  // after it
    remove("n/c1499");
    return {};
  });
  flaky_.lose_feed(Error(Code::ServiceUnavailable, "gone"));
  const Deadline deadline = Deadline::after(10s, real_clock());
  while (cache_->stats().loads < 2 && !deadline.expired())
    (void)StopToken().wait_until(Deadline::after(2ms, real_clock()));
  EXPECT_GE(pages, 2);
  flaky_.before_range(nullptr);
  const auto last = put("n/last");
  ASSERT_TRUE(cache_->wait_for(last, Deadline::after(10s, real_clock())).ok());
  EXPECT_EQ(cache_->size(), 1'501u) << "1,500, two more, one less";
  EXPECT_TRUE(cache_->find("n/c9999"));
  EXPECT_FALSE(cache_->find("n/c1499"));
  EXPECT_GT(cache_->find("n/c0000")->revision(), before);
  // A watcher from the loaded revision is told exactly of what was written meanwhile.
  auto watcher = std::make_shared<Watcher>();
  watch(watcher, before);
  const auto told = watcher->wait(4);
  ASSERT_GE(told.size(), 4u);
  EXPECT_EQ(told[0].substr(0, 17), "MODIFIED n/c0000=");
  EXPECT_EQ(told[1].substr(0, 14), "ADDED n/c9999=");
  EXPECT_EQ(told[2].substr(0, 16), "DELETED n/c1499=");
}

TEST_F(CacheTest, StopWaitsForALossOfTheFeedThatIsBeingTold) {
  start();
  TurnLane lane;
  const auto made = cache_->subscribe(lane, {}, {put("n/a"), false, false}, std::make_shared<Watcher>());
  ASSERT_TRUE(made.ok());
  StopSource told, go_on, stopped;
  lane.on_post = [&] {
    told.stop();
    (void)go_on.token().wait_until(Deadline::after(10s, real_clock()));
  };
  Thread loses("loses", [&] { flaky_.lose_feed(Error(Code::ServiceUnavailable, "gone")); });
  ASSERT_TRUE(told.token().wait_until(Deadline::after(10s, real_clock())));
  Thread stops("stops", [&] {
    cache_->stop();
    stopped.stop();
  });
  EXPECT_FALSE(stopped.token().wait_until(Deadline::after(100ms, real_clock())))
      << "the loss is still at work in the cache";
  go_on.stop();
  EXPECT_TRUE(stopped.token().wait_until(Deadline::after(10s, real_clock())));
  loses.join();
  stops.join();
  lane.on_post = nullptr;
  lane.turn_all();
}

TEST_F(CacheTest, WhatCannotBeReadIsSaidAndNoOldStateIsServed) {
  start();
  const auto first = put("n/a");
  auto w = std::make_shared<Watcher>();
  watch(w, first);
  const auto broken = commit(store::Txn::put(key("n/a"), store::make_bytes("from a newer server")));
  EXPECT_EQ(w->wait(1), std::vector<std::string>{fmt::format("DELETED n/a={}", broken)});
  EXPECT_EQ(cache_->find("n/a"), nullptr);
  const auto readable = cache_->readable({});
  ASSERT_FALSE(readable.ok());
  EXPECT_EQ(readable.error().message().find("unable to read configmaps n/a: "), 0u)
      << readable.error().message();
  EXPECT_TRUE(cache_->readable(select("other", "")).ok());
  put("n/a");
  EXPECT_TRUE(cache_->readable({}).ok());
}

TEST_F(CacheTest, WaitingForTheFutureTimesOutAndForOtherKeysDoesNot) {
  start();
  const auto r = cache_->wait_for(1'000'000, Deadline::after(30ms, real_clock()));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().message().find("Timeout: Too large resource version: 1000000, current: "), 0u);
  const auto other = commit(store::Txn::put("/registry/other/x", store::make_bytes("x")));
  EXPECT_TRUE(cache_->wait_for(other, Deadline::after(5s, real_clock())).ok());
  EXPECT_GE(cache_->revision(), other);
}

TEST_F(CacheTest, ListsWalkASnapshotWhileWritesGoOn) {
  start();
  for (int i = 0; i < 500; ++i) put(fmt::format("n/c{:03}", i));
  const Snapshot then = cache_->snapshot();
  for (int i = 0; i < 500; i += 2) remove(fmt::format("n/c{:03}", i));
  const Page page = page_of(then, {}, "", 100);
  EXPECT_EQ(page.entries.size(), 100u);
  EXPECT_TRUE(page.more);
  EXPECT_EQ(page.remaining, 400u);
  EXPECT_EQ(page_of(then, {}, std::string(page.entries.back()->key()), 0).entries.size(), 400u);
  EXPECT_EQ(cache_->list({}, "", 0).entries.size(), 250u);
  EXPECT_EQ(page_of(then, select("m", ""), "", 0).entries.size(), 0u);
}

TEST_F(CacheTest, ListsByLabelUseAnIndexThatFollows) {
  start();
  for (int i = 0; i < 2'500; ++i) put(fmt::format("n/c{:04}", i), "v", fmt::format("{}", i % 500));
  const Filter seven = *make_filter(cache_->resource(), "", "l=7", "");
  const auto keys = [&] {
    std::vector<std::string> out;
    for (const EntryPtr& e : cache_->list(seven, "", 0).entries) out.emplace_back(e->key());
    return out;
  };
  const std::vector<std::string> all = {"n/c0007", "n/c0507", "n/c1007", "n/c1507", "n/c2007"};
  EXPECT_EQ(keys(), all) << "by a walk, which has an index made";
  const Deadline deadline = Deadline::after(5s, real_clock());
  const StopSource never;
  while (cache_->snapshot_for(seven).tree.size() > 5 && !deadline.expired())
    (void)never.token().wait_until(Deadline::after(2ms, real_clock()));
  EXPECT_EQ(cache_->snapshot_for(seven).tree.size(), 5u);
  EXPECT_EQ(keys(), all);
  put("n/c0507", "v", "8");
  put("n/c0001", "v", "7");
  remove("n/c2007");
  EXPECT_EQ(keys(), (std::vector<std::string>{"n/c0001", "n/c0007", "n/c1007", "n/c1507"}));
  const Page two = cache_->list(seven, "n/c0001", 2);
  EXPECT_EQ(two.entries.size(), 2u);
  EXPECT_TRUE(two.more);
  EXPECT_EQ(two.entries[0]->key(), "n/c0007");
}

}  // namespace
}  // namespace mizzen::apiserver::testing
