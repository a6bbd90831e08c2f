#include "apiserver/cache/subscription.h"

#include "apiserver/testing/cache_fixture.h"

namespace mizzen::apiserver::testing {
namespace {

using namespace std::chrono_literals;

class SubscriptionTest : public CacheTest {};

TEST_F(SubscriptionTest, ObjectsComeFirstThenTheirEndThenChanges) {
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

TEST_F(SubscriptionTest, AWatcherThatTakesNothingCostsItsPositionAndMissesNothing) {
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

TEST_F(SubscriptionTest, AWatcherThatFellOutOfTheRingGoesOnFromTheStoresHistory) {
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

TEST_F(SubscriptionTest, ChangesOfOneRevisionComeOnceWhereverAWatcherStopped) {
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

}  // namespace
}  // namespace mizzen::apiserver::testing
