#include "linux/files/change_hints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "base/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::linux {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void append(const std::string& path, const char* text) {
  std::FILE* file = std::fopen(path.c_str(), "ae");
  ASSERT_NE(file, nullptr);
  std::fputs(text, file);
  std::fclose(file);
}

std::set<ChangeHints::Id> told(ChangeHints& hints) {
  const auto ids = hints.changed();
  EXPECT_TRUE(ids);
  return ids ? std::set<ChangeHints::Id>(ids->begin(), ids->end()) : std::set<ChangeHints::Id>();
}

TEST(ChangeHints, TellOnceOfAFileThatWasTouchedUntilItIsFollowedAgain) {
  ScratchFolder scratch;
  for (const char* name : {"a", "b", "c", "d"}) append(scratch.at(name), "x");
  auto hints = ChangeHints::open();
  ASSERT_TRUE(hints.ok());
  EXPECT_FALSE(hints->follow(scratch.at("nowhere")));
  const auto a = hints->follow(scratch.at("a")), b = hints->follow(scratch.at("b")),
             c = hints->follow(scratch.at("c"));
  ASSERT_TRUE(a && b && c);
  EXPECT_EQ(hints->follow(scratch.at("c")), c);
  EXPECT_THAT(told(*hints), IsEmpty());
  append(scratch.at("a"), "y");
  append(scratch.at("d"), "y");
  EXPECT_THAT(told(*hints), ElementsAre(*a));
  append(scratch.at("a"), "z");
  EXPECT_THAT(told(*hints), IsEmpty()) << "once";
  const auto again = hints->follow(scratch.at("a"));
  ASSERT_TRUE(again);
  append(scratch.at("a"), "z");
  EXPECT_THAT(told(*hints), ElementsAre(*again));
  ASSERT_EQ(::rename(scratch.at("b").c_str(), scratch.at("e").c_str()), 0);
  EXPECT_THAT(told(*hints), ElementsAre(*b)) << "it has another name";
  std::FILE* kept = std::fopen(scratch.at("c").c_str(), "re");
  ASSERT_EQ(::remove(scratch.at("c").c_str()), 0);
  EXPECT_THAT(told(*hints), ElementsAre(*c)) << "its name is gone, though somebody has it open";
  std::fclose(kept);
}

TEST(ChangeHints, OfADroppedFileNothingIsToldAndManyComeAtOnce) {
  ScratchFolder scratch;
  auto hints = ChangeHints::open();
  ASSERT_TRUE(hints.ok());
  std::set<ChangeHints::Id> all;
  constexpr int kFiles = 1000;  // more than one reading has room for
  for (int i = 0; i < kFiles; ++i) {
    const std::string path = scratch.at(std::to_string(i));
    append(path, "x");
    const auto id = hints->follow(path);
    ASSERT_TRUE(id);
    all.insert(*id);
  }
  const auto dropped = hints->follow(scratch.at("0"));
  ASSERT_TRUE(dropped);
  hints->drop(*dropped);
  told(*hints);  // also that it was dropped
  for (int i = 0; i < kFiles; ++i) append(scratch.at(std::to_string(i)), "y");
  all.erase(*dropped);
  EXPECT_EQ(told(*hints), all);
}

}  // namespace
}  // namespace mizzen::linux
