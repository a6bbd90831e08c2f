#include "linux/files/disk_walk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "linux/files/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::linux {
namespace {

DiskWalk walked(const std::string& folder, size_t entries_max = 100) {
  auto walk = DiskWalk::begin(folder);
  EXPECT_TRUE(walk.ok()) << walk.error().message();
  while (!walk->step(entries_max)) {
  }
  return std::move(*walk);
}

TEST(DiskWalk, CountsFilesAndTheirBytes) {
  ScratchFolder scratch;
  ASSERT_TRUE(make_folders(scratch.at("v/a/b")).ok());
  const auto empty = walked(scratch.at("v"));
  EXPECT_EQ(empty.files(), 3u);
  ASSERT_TRUE(write_file(scratch.at("v/a/b/file"), std::string(100'000, 'x')).ok());
  const auto full = walked(scratch.at("v"), 1);
  EXPECT_EQ(full.files(), 4u);
  EXPECT_GE(full.bytes() - empty.bytes(), 100'000u);
  EXPECT_LT(full.bytes() - empty.bytes(), 200'000u);
  EXPECT_TRUE(full.is_whole());
}

TEST(DiskWalk, CountsAFileOfTwoNamesOnceAndFollowsNoLink) {
  ScratchFolder scratch;
  ASSERT_TRUE(make_folders(scratch.at("v")).ok());
  ASSERT_TRUE(make_folders(scratch.at("elsewhere/deep")).ok());
  ASSERT_TRUE(write_file(scratch.at("v/one"), std::string(100'000, 'x')).ok());
  const auto before = walked(scratch.at("v"));
  ASSERT_EQ(::link(scratch.at("v/one").c_str(), scratch.at("v/two").c_str()), 0);
  EXPECT_EQ(walked(scratch.at("v")).files(), before.files());
  EXPECT_EQ(walked(scratch.at("v")).bytes(), before.bytes());
  ASSERT_EQ(::symlink(scratch.at("elsewhere").c_str(), scratch.at("v/link").c_str()), 0);
  EXPECT_EQ(walked(scratch.at("v")).files(), before.files() + 1) << "the link alone";
  EXPECT_FALSE(DiskWalk::begin(scratch.at("v/link")).ok());
  EXPECT_FALSE(DiskWalk::begin(scratch.at("nothing")).ok());
}

TEST(DiskWalk, SaysThatItDidNotGoToTheBottom) {
  ScratchFolder scratch;
  std::string deep = scratch.at("v");
  for (size_t i = 0; i < DiskWalk::kDepthMax + 5; ++i) deep += "/d";
  ASSERT_TRUE(make_folders(deep).ok());
  EXPECT_FALSE(walked(scratch.at("v")).is_whole());
}

TEST(DiskWalk, LivesThroughATreeThatGoes) {
  ScratchFolder scratch;
  ASSERT_TRUE(make_folders(scratch.at("v/a/b/c")).ok());
  auto walk = DiskWalk::begin(scratch.at("v"));
  ASSERT_TRUE(walk.ok());
  (void)walk->step(3);
  ASSERT_TRUE(remove_all(scratch.at("v")).ok());
  while (!walk->step(10)) {
  }
  EXPECT_LE(walk->files(), 4u);
}

}  // namespace
}  // namespace mizzen::linux
