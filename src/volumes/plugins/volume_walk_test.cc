#include "volumes/plugins/volume_walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>

#include "async/thread.h"
#include "base/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::volumes {
namespace {

class VolumeWalkTest : public ::testing::Test {
 protected:
  VolumeWalkTest() {
    for (const char* folder : {"real/v/in/deep", "real/v2", "out"})
      EXPECT_TRUE(make_folders(scratch_.at(folder)).ok());
    for (const char* file : {"real/v/in/f", "real/v/in/deep/f"})
      EXPECT_TRUE(write_file(scratch_.at(file), "ours").ok());
    for (const char* file : {"out/f", "real/v2/f"})
      EXPECT_TRUE(write_file(scratch_.at(file), "foreign").ok());
    link(scratch_.at("real"), "given");
  }
  void link(const std::string& target, const std::string& at) {
    ASSERT_EQ(::symlink(target.c_str(), scratch_.at(at).c_str()), 0) << at;
  }
  /// What the file at the path says.
  Result<std::string> read(const std::string& path) {
    VolumeWalk walk(scratch_.at("given/v"));
    MZ_ASSIGN(const auto found, walk.open(path));
    return read_file(fmt::format("/proc/self/fd/{}", found.get()));
  }
  linux::ScratchFolder scratch_;
};

TEST_F(VolumeWalkTest, FollowsEveryLinkThatEndsInTheVolume) {
  const std::pair<std::string, const char*> links[] = {
      {"in", "real/v/relative"},
      {"./in/deep/..", "real/v/down_and_up"},
      {scratch_.at("given/v/in"), "real/v/as_given"},
      {scratch_.at("real/v/in"), "real/v/without_links"},
      {scratch_.at("given/v/./relative"), "real/v/of_a_link"},
      {scratch_.at("out/../real/v/in"), "real/v/past_others"},
      {"../v/in", "real/v/out_and_back"},
      {"../../../../real/v/in", "real/v/in/deep/far_back"},
      {"..", "real/v/above"},
      {"../../as_given", "real/v/in/deep/absolute_below"}};
  for (const auto& [target, at] : links) link(target, at);
  for (const char* path : {"in/f", "./in//f", "relative/f", "down_and_up/f", "as_given/f",
                           "without_links/deep/f", "of_a_link/f", "past_others/f", "out_and_back/f",
                           "above/v/in/f", "in/deep/far_back/f", "in/deep/absolute_below/f"}) {
    const auto text = read(path);
    ASSERT_TRUE(text.ok()) << path << ": " << text.error().message();
    EXPECT_EQ(*text, "ours") << path;
  }
}

TEST_F(VolumeWalkTest, WhatEndsOutsideIsRefused) {
  const std::pair<std::string, const char*> links[] = {{scratch_.at("out"), "real/v/absolute"},
                                                       {"../../out", "real/v/relative"},
                                                       {scratch_.at("given/v2"), "real/v/longer"},
                                                       {scratch_.at("given"), "real/v/shorter"},
                                                       {scratch_.at("given/v/.."), "real/v/through"},
                                                       {"/", "real/v/root"},
                                                       {"absolute", "real/v/in/none"},
                                                       {"../absolute", "real/v/in/chain"},
                                                       {"/proc/self/root", "real/v/magic"}};
  for (const auto& [target, at] : links) link(target, at);
  for (const char* path : {"absolute/f", "absolute", "relative/f", "longer/f", "shorter", "shorter/v2/f",
                           "through", "root", "in/chain/f", "magic/etc/passwd", "absolute/new/folder"}) {
    const auto text = read(path);
    ASSERT_FALSE(text.ok()) << path;
    EXPECT_EQ(text.error().code(), Code::Forbidden) << path;
  }
  EXPECT_FALSE(path_exists(scratch_.at("out/new")));
}

TEST_F(VolumeWalkTest, LinksAndDepthHaveTheirBounds) {
  link("b", "real/v/a");
  link("a", "real/v/b");
  EXPECT_EQ(read("a").error().code(), Code::Forbidden);
  std::string deep;
  for (int i = 0; i < 256; ++i) deep += "d/";
  EXPECT_TRUE(VolumeWalk(scratch_.at("real/v")).open(deep).ok());
  EXPECT_EQ(VolumeWalk(scratch_.at("real/v")).open(deep + "d").error().code(), Code::Forbidden);
}

TEST_F(VolumeWalkTest, MakesFoldersBelowLinksButNotWhatLinksLackAndSaysSo) {
  link(scratch_.at("real/v/in"), "real/v/to");
  link("absent", "real/v/dangling");
  VolumeWalk made(scratch_.at("given/v"));
  EXPECT_TRUE(made.open("to/new/folder").ok());
  EXPECT_TRUE(path_exists(scratch_.at("real/v/in/new/folder")));
  VolumeWalk lacking(scratch_.at("given/v"));
  EXPECT_EQ(lacking.open("dangling").error().code(), Code::NotFound);
  EXPECT_TRUE(lacking.failed_to_make());
  EXPECT_FALSE(path_exists(scratch_.at("real/v/absent")));
  VolumeWalk file(scratch_.at("given/v"));
  EXPECT_FALSE(file.open("in/f/new").ok());
  EXPECT_FALSE(file.failed_to_make());
}

TEST_F(VolumeWalkTest, WhoExchangesFoldersAndLinksMeanwhileGetsNothingFromOutside) {
  ASSERT_TRUE(make_folders(scratch_.at("real/v/x")).ok());
  ASSERT_TRUE(write_file(scratch_.at("real/v/x/f"), "ours").ok());
  link(scratch_.at("out"), "real/v/evil");
  link(scratch_.at("given/v/x"), "real/v/to");
  std::atomic<bool> over = false;
  Thread exchanges("exchanges", [&] {
    while (!over) {
      ::renameat2(AT_FDCWD, scratch_.at("real/v/x").c_str(), AT_FDCWD, scratch_.at("real/v/evil").c_str(),
                  RENAME_EXCHANGE);
    }
  });
  int found = 0, refused = 0;
  for (int i = 0; i < 20'000 || ((found == 0 || refused == 0) && i < 1'000'000); ++i) {
    const auto text = read(i % 2 == 0 ? "x/f" : "to/f");
    EXPECT_TRUE(!text.ok() || *text == "ours");
    ++(text.ok() ? found : refused);
    if (HasFailure()) break;
  }
  over = true;
  exchanges.join();
  EXPECT_GT(found, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace mizzen::volumes
