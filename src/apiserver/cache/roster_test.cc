#include "apiserver/cache/roster.h"

#include "apiserver/testing/cache_fixture.h"
#include "apiserver/testing/turn_lane.h"

namespace mizzen::apiserver::testing {
namespace {

using namespace std::chrono_literals;

class RosterTest : public CacheTest {};

TEST_F(RosterTest, EachWatcherHearsOfItsOwn) {
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

TEST_F(RosterTest, BookmarksSayWhatHasBeenTold) {
  start();
  const auto first = put("n/a");
  auto w = std::make_shared<Watcher>();
  watch(w, first, {}, true);
  const auto other = commit(store::Txn::put("/registry/other/x", store::make_bytes("x")));
  ASSERT_TRUE(cache_->wait_for(other, Deadline::after(5s, real_clock())).ok());
  cache_->send_bookmarks();
  EXPECT_EQ(w->wait(1), std::vector<std::string>{fmt::format("BOOKMARK={}", other)});
}

/// A watcher that takes its time, and does something else when first told.
class Slow final : public WatcherSink {
 public:
  Slow(ManualClock& clock, std::function<void()> first) : clock_(clock), first_(std::move(first)) {}
  bool on_object(const EntryPtr&) override { return true; }
  bool on_change(const ChangePtr&, ChangeType) override {
    clock_.advance(1ms);
    if (const auto f = std::exchange(first_, nullptr)) f();
    return true;
  }
  bool on_bookmark(int64_t, bool) override { return true; }
  void on_end(const Error&) override {}

 private:
  ManualClock& clock_;
  std::function<void()> first_;
};

TEST_F(RosterTest, ATurnThatIsOverWhenTheCacheHasStoppedPostsNoOther) {
  ManualClock clock;
  TurnLane lane;
  cache_ = std::make_shared<ResourceCache>(
      api::resource_of<ConfigMap>(),
      ResourceCache::Deps{flaky_, companions_, {clock, secure_random(), background_, timers_}});
  ASSERT_TRUE(cache_->start(Deadline::after(5s, real_clock())).ok());
  const auto first = put("n/a");
  const auto slow = std::make_shared<Slow>(clock, [&] { cache_->stop(); });
  std::vector<std::shared_ptr<Subscription>> all;
  for (int i = 0; i < 32; ++i) {
    auto made = cache_->subscribe(lane, {}, {first, false, false}, slow);
    ASSERT_TRUE(made.ok());
    all.push_back(std::move(*made));
  }
  lane.turn_all();
  put("n/a");
  ASSERT_EQ(lane.waiting(), 1u) << "the roster's turn";
  lane.turn();
  EXPECT_EQ(lane.waiting(), 0u) << "which would look at a cache that has gone";
  const std::weak_ptr<Subscription> untold = all.back();
  all.clear();
  EXPECT_TRUE(untold.expired()) << "nor does it keep whom it did not come to tell";
  cache_ = nullptr;  // before its clock
}

}  // namespace
}  // namespace mizzen::apiserver::testing
