#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/pod.h"
#include "apiserver/cache/cache.h"
#include "apiserver/cache/thread_lane.h"
#include "apiserver/testing/told.h"
#include "store/memory/memory_store.h"
#include "store/testing/flaky_store.h"

namespace mizzen::apiserver::testing {

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
  void on_end(const Error& error) override { told_.end(error); }
  std::vector<std::string> wait(size_t n) { return told_.wait(n); }
  std::optional<Error> wait_end() { return told_.wait_end(); }
  size_t count() { return told_.count(); }
  void give_room(size_t room) { room_ = room; }

 private:
  bool note(const char* what, const Entry& e) {
    return add(fmt::format("{} {}={}", what, e.key(), e.revision()));
  }
  bool add(std::string line) { return told_.add(std::move(line)) < room_; }

  Told told_;
  std::atomic<size_t> room_;
};

/// A cache on a store in memory that can be made to fail, and a lane for watchers.
class CacheTest : public ::testing::Test {
 protected:
  CacheTest()
      : flaky_(store_),
        background_(real_clock(), {"background", 2, 1000, 1000}),
        timers_(background_, real_clock()),
        lane_("lane") {}
  void TearDown() override {
    for (auto& s : subscriptions_) on_lane([&] { s->close(); });
    timers_.stop();
    if (cache_) cache_->stop();
    background_.stop();
    lane_.stop();
  }
  template <typename T = ConfigMap>
  void start(ChangeRing::Options ring = {}) {
    cache_ = std::make_shared<ResourceCache>(
        api::resource_of<T>(),
        ResourceCache::Deps{flaky_, companions_, {real_clock(), secure_random(), background_, timers_}},
        ring);
    const auto r = cache_->start(Deadline::after(std::chrono::seconds(5), real_clock()));
    ASSERT_TRUE(r.ok()) << r.error().message();
  }
  int64_t commit(store::Txn txn) {
    const auto r = store_.txn(std::move(txn), Deadline::after(std::chrono::seconds(5), real_clock()));
    EXPECT_TRUE(r.ok());
    return r->revision.get();
  }
  std::string key(const std::string& name) { return storage_prefix(cache_->resource()) + name; }
  int64_t put(const std::string& name, const std::string& value = "v", const std::string& label = "") {
    const size_t slash = name.find('/');
    ConfigMap c;
    if (!label.empty()) c.metadata.labels.set("l", label);
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

  store::MemoryStore store_{{.clock = real_clock()}};
  store::FlakyStore flaky_;
  const CompanionsPtr companions_ = std::make_shared<Companions>(1 << 20);
  ThreadPool background_;
  Timers timers_;
  ThreadLane lane_;
  std::shared_ptr<ResourceCache> cache_;
  std::vector<std::shared_ptr<Subscription>> subscriptions_;
};

}  // namespace mizzen::apiserver::testing
