#include "sim/check/reads.h"

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"

namespace mizzen::sim {
namespace {

struct Reads : testing::Test {
  Reads() {
    log.follow(store);
    put("a");
    put("b");
    put("a");
    (void)store.txn(store::Txn::del("/registry/configmaps/default/b"), Deadline::never());
  }
  ~Reads() override { log.stop(); }
  void put(const char* name) {
    (void)store.txn(store::Txn::put(key(name), store::make_bytes("x")), Deadline::never());
  }
  static std::string key(const std::string& name) { return "/registry/configmaps/default/" + name; }

  const ManualClock clock;
  store::MemoryStore store{store::MemoryStore::Options{.clock = clock}};
  StoreLog log;
};

TEST_F(Reads, WhatWasAcknowledgedIsSeen) {
  EXPECT_EQ(wrong_get(log, key("a"), 4, 5), "");
  EXPECT_NE(wrong_get(log, key("a"), 2, 5), "") << "4 was acknowledged";
  EXPECT_EQ(wrong_get(log, key("a"), 2, 3), "") << "4 was under way";
  EXPECT_NE(wrong_get(log, key("a"), 0, 5), "") << "it is there";
  EXPECT_EQ(wrong_get(log, key("b"), 0, 5), "");
  EXPECT_NE(wrong_get(log, key("b"), 3, 5), "") << "it is gone";
  EXPECT_EQ(wrong_get(log, key("b"), 0, 4), "") << "its end was under way";
}

TEST_F(Reads, NobodySeesWhatNeverWas) {
  EXPECT_NE(wrong_get(log, key("a"), 3, 0), "");
  EXPECT_NE(wrong_get(log, key("b"), 5, 0), "") << "its end is no state";
  EXPECT_EQ(wrong_get(log, key("c"), 0, 5), "");
}

TEST_F(Reads, TheLogKnowsWhatWasThereAtEachRevision) {
  EXPECT_EQ(log.content("/registry/configmaps/", 3),
            (std::map<std::string, int64_t>{{key("a"), 2}, {key("b"), 3}}));
  EXPECT_EQ(log.content("/registry/configmaps/", 5), (std::map<std::string, int64_t>{{key("a"), 4}}));
  EXPECT_TRUE(log.content("/registry/pods/", 5).empty());
}

}  // namespace
}  // namespace mizzen::sim
