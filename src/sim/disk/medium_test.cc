#include "sim/disk/medium.h"

#include <gtest/gtest.h>

#include <set>

namespace mizzen::sim {
namespace {

using Outcome = Medium::Outcome;

std::string text(const Medium& medium, const std::string& path) {
  const auto file = medium.open(path);
  return file ? medium.read(*file, 0, 1 << 20) : "<absent>";
}

/// A folder and a file in it with these bytes, all of it synced.
Medium::FilePtr make(Medium& medium, const std::string& path, const std::string& bytes) {
  Medium::FilePtr file;
  (void)medium.make_folder("/d");
  EXPECT_EQ(medium.sync_folder("/"), Outcome::Done);
  EXPECT_EQ(medium.create(path, file), Outcome::Done);
  EXPECT_EQ(medium.write(*file, 0, bytes), Outcome::Done);
  EXPECT_EQ(medium.sync(*file), Outcome::Done);
  EXPECT_EQ(medium.sync_folder("/d"), Outcome::Done);
  return file;
}

TEST(Medium, WhatWasSyncedOutlivesEveryLossOfPower) {
  Medium medium(1);
  const auto file = make(medium, "/d/f", std::string(10'000, 'a'));
  (void)medium.write(*file, 10'000, std::string(10'000, 'b'));
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto left = medium.after_power_cut(seed);
    EXPECT_EQ(text(*left, "/d/f").substr(0, 10'000), std::string(10'000, 'a')) << seed;
    EXPECT_EQ(text(*left, "/d/f"), text(*medium.after_power_cut(seed), "/d/f")) << "the same again";
  }
}

TEST(Medium, WhatWasNotSyncedIsKeptInSectorsOfBothSizesOrNotAtAll) {
  Medium medium(1);
  const auto file = make(medium, "/d/f", "");
  (void)medium.write(*file, 0, std::string(32'768, 'b'));
  std::set<size_t> borders;
  bool none = false, all = false, holes = false;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const std::string left = text(*medium.after_power_cut(seed), "/d/f");
    const size_t kept = static_cast<size_t>(std::count(left.begin(), left.end(), 'b'));
    EXPECT_EQ(kept % 512, 0u);
    none |= kept == 0;
    all |= kept == 32'768;
    const size_t end = left.find('\0');
    holes |= end != std::string::npos && left.find('b', end) != std::string::npos;
    if (kept % 4096 != 0) borders.insert(512);
    if (kept != 0 && kept % 4096 == 0) borders.insert(4096);
  }
  EXPECT_TRUE(none && all && holes);
  EXPECT_EQ(borders.size(), 2u);
}

TEST(Medium, NamesAreKeptInOrderOrNotAtAllUntilTheirFolderIsSynced) {
  Medium medium(1);
  make(medium, "/d/old", "1");
  Medium::FilePtr file;
  ASSERT_EQ(medium.create("/d/new", file), Outcome::Done);
  ASSERT_EQ(medium.write(*file, 0, "2"), Outcome::Done);
  ASSERT_EQ(medium.sync(*file), Outcome::Done);
  ASSERT_EQ(medium.rename("/d/new", "/d/renamed"), Outcome::Done);
  ASSERT_EQ(medium.remove("/d/old"), Outcome::Done);
  std::set<std::vector<std::string>> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) seen.insert(medium.after_power_cut(seed)->children("/d"));
  EXPECT_EQ(seen,
            (std::set<std::vector<std::string>>{{"old"}, {"new", "old"}, {"old", "renamed"}, {"renamed"}}));
  ASSERT_EQ(medium.sync_folder("/d"), Outcome::Done);
  for (uint64_t seed = 0; seed < 20; ++seed)
    EXPECT_EQ(text(*medium.after_power_cut(seed), "/d/renamed"), "2");
}

TEST(Medium, AFolderWhoseNameIsLostTakesItsFilesAlong) {
  Medium medium(1);
  ASSERT_EQ(medium.make_folder("/d"), Outcome::Done);
  Medium::FilePtr file;
  ASSERT_EQ(medium.create("/d/f", file), Outcome::Done);
  ASSERT_EQ(medium.sync(*file), Outcome::Done);
  ASSERT_EQ(medium.sync_folder("/d"), Outcome::Done);
  bool lost = false;
  for (uint64_t seed = 0; seed < 20; ++seed)
    lost |= text(*medium.after_power_cut(seed), "/d/f") == "<absent>";
  EXPECT_TRUE(lost);
  EXPECT_EQ(text(*medium.after_kill(1), "/d/f"), "") << "a process that ends loses nothing";
}

TEST(Medium, AfterAFailedSyncNobodyIsToldAgainThatBytesAreLost) {
  Medium medium(1);
  const auto file = make(medium, "/d/f", "");
  ASSERT_EQ(medium.write(*file, 0, "lost"), Outcome::Done);
  medium.set_faults({.sync_fails = 1});
  EXPECT_EQ(medium.sync(*file), Outcome::Failed);
  medium.set_faults({});
  EXPECT_EQ(medium.sync(*file), Outcome::Done) << "as Linux answers";
  for (uint64_t seed = 0; seed < 20; ++seed)
    EXPECT_EQ(text(*medium.after_power_cut(seed), "/d/f").find("lost"), std::string::npos);
}

TEST(Medium, NothingChangesOncePowerIsGone) {
  Medium medium(1);
  const auto file = make(medium, "/d/f", "1");
  medium.cut_after(2);
  EXPECT_EQ(medium.write(*file, 0, "2"), Outcome::Done);
  EXPECT_EQ(medium.write(*file, 0, "3"), Outcome::Failed);
  EXPECT_TRUE(medium.is_off());
  EXPECT_EQ(medium.sync(*file), Outcome::Failed);
  EXPECT_EQ(text(*medium.after_kill(1), "/d/f"), "2");
}

TEST(Medium, RoomIsBounded) {
  Medium medium(1);
  const auto file = make(medium, "/d/f", "");
  medium.set_faults({.bytes_max = 100});
  EXPECT_EQ(medium.write(*file, 0, std::string(101, 'a')), Outcome::NoSpace);
  EXPECT_EQ(medium.write(*file, 0, std::string(90, 'a')), Outcome::Done);
  EXPECT_EQ(medium.free_bytes(), 10u);
}

}  // namespace
}  // namespace mizzen::sim
