#include "apiserver/allocate/table/allocation_table.h"

#include <gtest/gtest.h>

#include <atomic>

#include "store/memory/memory_store.h"

namespace mizzen::apiserver {
namespace {

Deadline soon() { return Deadline::after(std::chrono::seconds(5), real_clock()); }

TEST(AllocationTable, ReadsWhatIsThereAndFollowsWhatComes) {
  store::MemoryStore store{{.clock = real_clock()}};
  const auto put = [&](const std::string& key, const char* owner) {
    ASSERT_TRUE(store.txn(store::Txn::put(key, store::make_bytes(owner)), soon()).ok());
  };
  for (int i = 0; i < 2500; ++i) put(port_key(i), "default/many");  // more than a page
  AllocationTable table({store, real_clock(), [] {}});
  ASSERT_TRUE(table.start(soon()).ok());
  EXPECT_EQ(table.size(), 2500u);
  put(address_key("10.0.0.1"), "default/a");
  EXPECT_TRUE(table.taken(address_key("10.0.0.1"))) << "a local store tells before it acknowledges";
  EXPECT_TRUE(table.may_release(address_key("10.0.0.1"), "default/a"));
  EXPECT_FALSE(table.may_release(address_key("10.0.0.1"), "default/b"));
  EXPECT_TRUE(table.may_release(address_key("10.0.0.2"), "default/b")) << "nobody's is harmless";
  ASSERT_TRUE(store.txn(store::Txn::del(address_key("10.0.0.1")), soon()).ok());
  EXPECT_FALSE(table.taken(address_key("10.0.0.1")));
  ASSERT_TRUE(table.restart(soon()).ok());
  EXPECT_EQ(table.size(), 2500u);
  put(address_key("10.0.0.3"), "default/c");
  EXPECT_TRUE(table.taken(address_key("10.0.0.3"))) << "followed again";
}

TEST(AllocationTable, WhatATransactionFoundTakenCountsUntilTheWatchTells) {
  store::MemoryStore store{{.clock = real_clock()}};
  AllocationTable table({store, real_clock(), [] {}});
  ASSERT_TRUE(table.start(soon()).ok());
  table.suspect(port_key(30001));
  EXPECT_TRUE(table.taken(port_key(30001)));
  ASSERT_TRUE(store.txn(store::Txn::put(port_key(30001), store::make_bytes("default/a")), soon()).ok());
  EXPECT_TRUE(table.taken(port_key(30001)));
  ASSERT_TRUE(store.txn(store::Txn::del(port_key(30001)), soon()).ok());
  EXPECT_FALSE(table.taken(port_key(30001)));
}

TEST(AllocationTable, StoppingIsNoLoss) {
  std::atomic<bool> lost = false;
  store::MemoryStore store{{.clock = real_clock()}};
  AllocationTable table({store, real_clock(), [&] { lost = true; }});
  ASSERT_TRUE(table.start(soon()).ok());
  EXPECT_FALSE(lost);
  table.stop();
  EXPECT_FALSE(lost);
}

}  // namespace
}  // namespace mizzen::apiserver
