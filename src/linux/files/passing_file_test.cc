#include "linux/files/passing_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::linux {
namespace {

TEST(PassingFile, ReplacesWhatStoodThereWithItsMode) {
  const ScratchFolder scratch;
  const std::string path = scratch.at("hosts");
  ASSERT_TRUE(write_passing_file(path + ".new", "of a process that died").ok());
  for (const char* text : {"one", "", "three"}) {
    ASSERT_TRUE(write_passing_file(path, text, 0666).ok());
    EXPECT_EQ(*read_file(path), text);
  }
  struct stat found{};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0666u);
  EXPECT_FALSE(path_exists(path + ".new"));
  EXPECT_EQ(write_passing_file(scratch.at("nowhere/hosts"), "").error().code(), Code::NotFound);
}

}  // namespace
}  // namespace mizzen::linux
