#include "apiserver/cache/cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/pod.h"
#include "apiserver/cache/thread_lane.h"
#include "store/memory/memory_store.h"
#include "store/testing/flaky_store.h"

namespace mizzen::apiserver {
namespace {

using namespace std::chrono_literals;
using api::core::v1::ConfigMap;
using api::core::v1::Pod;

/// A watcher that says in lines what it is told, and stops taking when asked to.
class Watcher final : public WatcherSink {
 public:
  explicit Watcher(size_t room = SIZE_MAX) : room_(room) {}
  bool on_object(const EntryPtr& e) override { return note("OBJECT", *e); }
  bool on_change(const ChangePtr& c, ChangeType as) override {
    static constexpr const char* kNames[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"};
    return note(kNames[static_cast<size_t>(as)], *c->entry());
  }
  bool on_bookmark(int64_t revision, bool initial_end) override {
    return add(fmt::format("{}={}", initial_end ? "END" : "BOOKMARK", revision));
  }
  void on_end(const Error& error) override {
    Lock lock(m_);
    ended_ = error;
    changed_.notify_all();
  }
  std::vector<std::string> wait(size_t n) {
    Lock lock(m_);
    const Deadline deadline = Deadline::after(10s);
    while (lines_.size() < n && !ended_ && !deadline.expired()) changed_.wait_until(m_, deadline);
    return lines_;
  }
  std::optional<Error> wait_end() {
    Lock lock(m_);
    const Deadline deadline = Deadline::after(10s);
    while (!ended_ && !deadline.expired()) changed_.wait_until(m_, deadline);
    return ended_;
  }
  size_t count() {
    Lock lock(m_);
    return lines_.size();
  }
  void give_room(size_t room) {
    Lock lock(m_);
    room_ = room;
  }

 private:
  bool note(const char* what, const Entry& e) {
    return add(fmt::format("{} {}={}", what, e.key(), e.revision()));
  }
  bool add(std::string line) {
    Lock lock(m_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
    return lines_.size() < room_;
  }
  Mutex m_;
  CondVar changed_;
  size_t room_ MZ_GUARDED_BY(m_);
  std::vector<std::string> lines_ MZ_GUARDED_BY(m_);
  std::optional<Error> ended_ MZ_GUARDED_BY(m_);
};

class CacheTest : public testing::Test {
 protected:
  CacheTest()
      : flaky_(store_), background_({"background", 2, 1000, 1000}), timers_(background_), lane_("lane") {}
  void TearDown() override {
    for (auto& s : subscriptions_) on_lane([&] { s->close(); });
    timers_.stop();
    if (cache_) cache_->stop();
    background_.stop();
    lane_.stop();
  }
  template <typename T = ConfigMap>
  void start(ChangeRing::Options ring = {}) {
    cache_ = std::make_unique<ResourceCache>(
        api::resource_of<T>(),
        ResourceCache::Deps{flaky_, companions_, real_clock(), secure_random(), background_, timers_}, ring);
    const auto r = cache_->start(Deadline::after(5s));
    ASSERT_TRUE(r.ok()) << r.error().message();
  }
  int64_t commit(store::Txn txn) {
    const auto r = store_.txn(std::move(txn), Deadline::after(5s));
    EXPECT_TRUE(r.ok());
    return r->revision.get();
  }
  std::string key(const std::string& name) { return storage_prefix(cache_->resource()) + name; }
  int64_t put(const std::string& name, const std::string& value = "v") {
    const size_t slash = name.find('/');
    ConfigMap c;
    c.metadata.namespace_ = name.substr(0, slash);
    c.metadata.name = name.substr(slash + 1);
    c.data.set("k", value);
    machinery::MutableObject object(Object::of(std::move(c)));
    return commit(store::Txn::put(key(name), store::make_bytes(encode_stored(cache_->resource(), object))));
  }
  int64_t put_pod(const std::string& name, const std::string& node) {
    const size_t slash = name.find('/');
    Pod p;
    p.metadata.namespace_ = name.substr(0, slash);
    p.metadata.name = name.substr(slash + 1);
    p.spec.nodeName = node;
    machinery::MutableObject object(Object::of(std::move(p)));
    return commit(store::Txn::put(key(name), store::make_bytes(encode_stored(cache_->resource(), object))));
  }
  int64_t remove(const std::string& name) { return commit(store::Txn::del(key(name))); }
  void on_lane(const std::function<void()>& f) {
    std::atomic<bool> done = false;
    lane_.post([&] {
      f();
      done = true;
      done.notify_all();
    });
    done.wait(false);
  }
  std::shared_ptr<Subscription> watch(const std::shared_ptr<Watcher>& watcher, std::optional<int64_t> from,
                                      Filter filter = {}, bool bookmarks = false) {
    std::shared_ptr<Subscription> out;
    on_lane([&] {
      auto made = cache_->subscribe(lane_, std::move(filter), {from, bookmarks, bookmarks}, watcher);
      ASSERT_TRUE(made.ok()) << made.error().message();
      out = std::move(*made);
    });
    if (out) subscriptions_.push_back(out);
    return out;
  }
  Filter select(const std::string& ns, const std::string& fields) {
    auto made = make_filter(cache_->resource(), ns, "", fields);
    EXPECT_TRUE(made.ok());
    return *made;
  }

  store::MemoryStore store_;
  store::FlakyStore flaky_;
  Companions companions_{1 << 20};
  ThreadPool background_;
  Timers timers_;
  ThreadLane lane_;
  std::unique_ptr<ResourceCache> cache_;
  std::vector<std::shared_ptr<Subscription>> subscriptions_;
};

TEST_F(CacheTest, ObjectsComeFirstThenTheirEndThenChanges) {
  start();
  const auto a = put("n/a"), b = put("n/b");
  auto w = std::make_shared<Watcher>();
  watch(w, std::nullopt, {}, true);
  EXPECT_EQ(w->wait(3),
            (std::vector<std::string>{fmt::format("OBJECT n/a={}", a), fmt::format("OBJECT n/b={}", b),
                                      fmt::format("END={}", b)}));
  const auto c = put("n/c"), gone = remove("n/a");
  EXPECT_EQ(w->wait(5)[3], fmt::format("ADDED n/c={}", c));
  EXPECT_EQ(w->wait(5)[4], fmt::format("DELETED n/a={}", gone));
}

TEST_F(CacheTest, AWatcherThatTakesNothingCostsItsPositionAndMissesNothing) {
  start();
  const auto first = put("n/a", "0");
  auto w = std::make_shared<Watcher>(1);
  const auto s = watch(w, first);
  std::vector<std::string> expected;
  for (int i = 0; i < 2000; ++i)
    expected.push_back(fmt::format("MODIFIED n/a={}", put("n/a", std::to_string(i))));
  on_lane([] {});
  EXPECT_EQ(w->count(), 1u);
  w->give_room(SIZE_MAX);
  on_lane([&] { s->resume(); });
  EXPECT_EQ(w->wait(2000), expected);
}

TEST_F(CacheTest, AWatcherThatFellOutOfTheRingGoesOnFromTheStoresHistory) {
  start({.bytes_max = 20'000});
  const auto first = put("n/a", "0");
  auto slow = std::make_shared<Watcher>(1), quick = std::make_shared<Watcher>();
  const auto s = watch(slow, first);
  watch(quick, first);
  std::vector<std::string> expected;
  for (int i = 0; i < 1500; ++i)
    expected.push_back(fmt::format("MODIFIED n/a={}", put("n/a", std::to_string(i))));
  EXPECT_EQ(quick->wait(1500), expected);
  slow->give_room(SIZE_MAX);
  on_lane([&] { s->resume(); });
  EXPECT_EQ(slow->wait(1500), expected);
  const auto last = put("n/b");
  EXPECT_EQ(slow->wait(1501).back(), fmt::format("ADDED n/b={}", last)) << "and follows live again";
}

TEST_F(CacheTest, ChangesOfOneRevisionComeOnceWhereverAWatcherStopped) {
  start();
  const auto many = [&](bool create) {
    store::Txn t;
    for (int i = 0; i < 100; ++i) {
      const std::string name = fmt::format("k{:03}", i);
      machinery::MutableObject o(ConfigMap::descriptor());
      o.meta().namespace_ = "n";
      o.meta().name = name;
      t.success.push_back(
          create ? store::Op::put(key("n/" + name), store::make_bytes(encode_stored(cache_->resource(), o)))
                 : store::Op::del(key("n/" + name)));
    }
    return commit(std::move(t));
  };
  for (const size_t room : {1u, 2u, 40u, 99u, 100u}) {
    const auto from = many(true);
    auto w = std::make_shared<Watcher>(room);
    const auto s = watch(w, from);
    const auto gone = many(false);
    const auto next = put(fmt::format("n/after{}", room));
    on_lane([] {});
    w->give_room(SIZE_MAX);
    on_lane([&] { s->resume(); });
    std::vector<std::string> expected;
    for (int i = 0; i < 100; ++i) expected.push_back(fmt::format("DELETED n/k{:03}={}", i, gone));
    expected.push_back(fmt::format("ADDED n/after{}={}", room, next));
    EXPECT_EQ(w->wait(101), expected) << "room for " << room;
    on_lane([&] { s->close(); });
  }
}

TEST_F(CacheTest, EachWatcherHearsOfItsOwn) {
  start<Pod>();
  const auto first = put_pod("n/a", "");
  auto all = std::make_shared<Watcher>(), space = std::make_shared<Watcher>(),
       node = std::make_shared<Watcher>(), one = std::make_shared<Watcher>();
  watch(all, first);
  watch(space, first, select("m", ""));
  watch(node, first, select("", "spec.nodeName=x"));
  Filter name = select("n", "metadata.name=a");
  watch(one, first, name);
  const auto bound = put_pod("n/a", "x"), other = put_pod("m/b", "y"), moved = put_pod("n/a", "z"),
             last = remove("n/a");
  EXPECT_EQ(all->wait(4), (std::vector<std::string>{
                              fmt::format("MODIFIED n/a={}", bound), fmt::format("ADDED m/b={}", other),
                              fmt::format("MODIFIED n/a={}", moved), fmt::format("DELETED n/a={}", last)}));
  EXPECT_EQ(one->wait(3), (std::vector<std::string>{fmt::format("MODIFIED n/a={}", bound),
                                                    fmt::format("MODIFIED n/a={}", moved),
                                                    fmt::format("DELETED n/a={}", last)}));
  EXPECT_EQ(node->wait(2), (std::vector<std::string>{fmt::format("ADDED n/a={}", bound),
                                                     fmt::format("DELETED n/a={}", moved)}));
  EXPECT_EQ(space->wait(1), (std::vector<std::string>{fmt::format("ADDED m/b={}", other)}));
}

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
  EXPECT_FALSE(cache_->wait_for(before, Deadline::after(50ms)).ok())
      << "while nothing is loaded, nothing is fresh";
  on_lane([&] {
    const auto refused = cache_->subscribe(lane_, {}, {before, false, false}, std::make_shared<Watcher>());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Code::ServiceUnavailable);
  });
  flaky_.set_away(false);
  ASSERT_TRUE(cache_->wait_for(after, Deadline::after(10s)).ok());
  EXPECT_TRUE(cache_->find("n/b"));
  EXPECT_EQ(cache_->stats().loads, 2u);
  EXPECT_LT(flaky_.ranges_refused(), 20u) << "it waits between its tries";
  // From before the loss a watcher still gets everything: the store remembers.
  auto again = std::make_shared<Watcher>();
  watch(again, before);
  EXPECT_EQ(again->wait(1), std::vector<std::string>{fmt::format("ADDED n/b={}", after)});
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
  const auto r = cache_->wait_for(1'000'000, Deadline::after(30ms));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().message().find("Timeout: Too large resource version: 1000000, current: "), 0u);
  const auto other = commit(store::Txn::put("/registry/other/x", store::make_bytes("x")));
  EXPECT_TRUE(cache_->wait_for(other, Deadline::after(5s)).ok());
  EXPECT_GE(cache_->revision(), other);
}

TEST_F(CacheTest, BookmarksSayWhatHasBeenTold) {
  start();
  const auto first = put("n/a");
  auto w = std::make_shared<Watcher>();
  watch(w, first, {}, true);
  const auto other = commit(store::Txn::put("/registry/other/x", store::make_bytes("x")));
  ASSERT_TRUE(cache_->wait_for(other, Deadline::after(5s)).ok());
  cache_->send_bookmarks();
  EXPECT_EQ(w->wait(1), std::vector<std::string>{fmt::format("BOOKMARK={}", other)});
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
  EXPECT_EQ(page_of(then, {}, page.entries.back()->key(), 0).entries.size(), 400u);
  EXPECT_EQ(cache_->list({}, "", 0).entries.size(), 250u);
  EXPECT_EQ(page_of(then, select("m", ""), "", 0).entries.size(), 0u);
}

}  // namespace
}  // namespace mizzen::apiserver
