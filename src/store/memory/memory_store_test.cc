#include "store/memory/memory_store.h"

#include <gtest/gtest.h>

#include "async/stop.h"
#include "store/testing/conformance.h"

namespace mizzen::store {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  Store& store() override { return store_; }
  void advance(std::chrono::seconds by) override {
    clock_.advance(by);
    store_.maintain();
  }
  std::string prefix() const override { return "/case/"; }

 private:
  ManualClock clock_{WallTime()};
  MemoryStore store_{MemoryStore::Options{.clock = clock_}};
};

class MemoryStoreConformance : public testing::TestWithParam<size_t> {};

TEST_P(MemoryStoreConformance, Holds) {
  MemoryUnderTest under_test;
  conformance_cases()[GetParam()].run(under_test);
}

TEST(MemoryStore, HistoryIsForgottenAfterItsTime) {
  ManualClock clock{WallTime()};
  MemoryStore store(MemoryStore::Options{.clock = clock, .retention = {.revisions_min = 10}});
  const std::string value(1000, 'x');
  const auto put = [&] {
    return store.txn(Txn{{}, {Op::put("/k", std::make_shared<const std::string>(value))}, {}},
                     Deadline::never());
  };
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(put().ok());
  clock.advance(std::chrono::minutes(5));
  store.maintain();  // the state one period ago was the empty one
  EXPECT_GT(*store.size_bytes(Deadline::never()), 100'000u);
  clock.advance(std::chrono::minutes(5));
  store.maintain();
  EXPECT_LT(*store.size_bytes(Deadline::never()), 20'000u);
  EXPECT_EQ(store.range({.range = KeyRange::single("/k")}, Deadline::never())->kvs.size(), 1u);
}

TEST(MemoryStore, AStoreOfAServerEndsLeasesByItself) {
  MemoryStore store(MemoryStore::Options{.clock = real_clock(), .own_maintenance = true});
  const auto lease = store.grant(std::chrono::seconds(1), Deadline::never());
  ASSERT_TRUE(lease.ok());
  Op op = Op::put("/k", std::make_shared<const std::string>("v"));
  op.lease = *lease;
  ASSERT_TRUE(store.txn(Txn{{}, {op}, {}}, Deadline::never()).ok());
  const Deadline deadline = Deadline::after(std::chrono::seconds(10), real_clock());
  const auto there = [&] { return !store.range({.range = KeyRange::single("/k")}, deadline)->kvs.empty(); };
  EXPECT_TRUE(there());
  while (there() && !deadline.expired())
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(20), real_clock()));
  EXPECT_FALSE(there());
}

INSTANTIATE_TEST_SUITE_P(Store, MemoryStoreConformance, testing::Range<size_t>(0, conformance_cases().size()),
                         [](const auto& info) { return conformance_name(info.param); });

}  // namespace
}  // namespace mizzen::store
