#include "sim/disk/disk.h"

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include "sim/disk/background.h"
#include "store/embedded/embedded_store.h"

namespace mizzen::sim {
namespace {

TEST(Background, JobsRunOnlyWhileTheyAreLetAndUrgentOnesFirst) {
  Background background;
  std::vector<int> ran;
  int dropped = 0;
  background.schedule(false, &ran, [&] { ran.push_back(1); }, nullptr);
  background.schedule(true, nullptr, [&] { ran.push_back(2); }, nullptr);
  background.schedule(false, &dropped, [&] { ran.push_back(3); }, [&] { ++dropped; });
  EXPECT_EQ(background.unschedule(false, &dropped), 1);
  EXPECT_EQ(dropped, 1);
  EXPECT_TRUE(ran.empty());
  EXPECT_EQ(background.waiting(false), 1u);
  background.run([] {});
  EXPECT_EQ(ran, (std::vector<int>{2, 1}));
}

/// A store on it, told to put something, and its disk's files afterwards.
TEST(Disk, TheEngineWorksInTheBackgroundBetweenWrites) {
  const ManualClock clock;
  SeededRandom random(1);
  const auto medium = std::make_shared<Medium>(1);
  auto disk = disk_on(medium, clock, random, nullptr);
  store::EmbeddedStore::Options options{.clock = clock, .path = "/data/store", .disk = disk};
  options.reserve_bytes = 1 << 20;
  options.own_maintenance = false;
  auto store = store::EmbeddedStore::open(options);
  ASSERT_TRUE(store.ok()) << store.error().message();
  EXPECT_GE(disk->occupied_bytes("/data/store/reserve"), 1u << 20);
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE(
        (*store)->txn(store::Txn::put("k", store::make_bytes(std::to_string(i))), Deadline::never()).ok());
  const auto tables = [&] {
    size_t n = 0;
    for (const std::string& name : medium->children("/data/store/db")) n += name.ends_with(".sst");
    return n;
  };
  EXPECT_GE(tables(), 1u) << "memory went to files";
  EXPECT_LE(tables(), 4u) << "and files were merged";
  EXPECT_EQ(store::EmbeddedStore::open(options).error().code(), Code::Conflict);
  store->reset();
  auto again = store::EmbeddedStore::open(options);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(store::view((*again)->get("k", Deadline::never())->kv->value), "499");
}

/// With a deleted range in its memory the engine would abort at the second log that it cannot make.
TEST(Disk, AStoreWhoseHistoryWasErasedOutlivesADiskThatTakesNothing) {
  const ManualClock clock;
  SeededRandom random(1);
  const auto medium = std::make_shared<Medium>(1);
  store::EmbeddedStore::Options options{
      .clock = clock, .path = "/data/store", .disk = disk_on(medium, clock, random, nullptr)};
  options.reserve_bytes = 0;
  options.free_bytes_min = 0;
  options.own_maintenance = false;
  auto store = store::EmbeddedStore::open(options);
  ASSERT_TRUE(store.ok()) << store.error().message();
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE((*store)->txn(store::Txn::put("k", store::make_bytes("v")), Deadline::never()).ok());
  ASSERT_TRUE((*store)->compact(store::Revision(8), Deadline::never()).ok());
  medium->cut();
  for (int i = 0; i < 300; ++i)
    EXPECT_FALSE((*store)->grant(std::chrono::seconds(9), Deadline::never()).ok());
}

}  // namespace
}  // namespace mizzen::sim
