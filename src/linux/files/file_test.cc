#include "linux/files/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/files/mounts.h"
#include "linux/testing/scratch.h"

namespace mizzen::linux {
namespace {

TEST(ListFoldersIn, NamesFoldersAlone) {
  ScratchFolder scratch;
  ASSERT_TRUE(make_folders(scratch.at("b/below")).ok());
  ASSERT_TRUE(make_folders(scratch.at("a")).ok());
  ASSERT_TRUE(write_file(scratch.at("file"), "x").ok());
  ASSERT_EQ(::symlink(scratch.at("a").c_str(), scratch.at("link").c_str()), 0);
  EXPECT_EQ(*list_folders_in(scratch.path()), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(list_folders_in(scratch.at("none")).error().code(), Code::NotFound);
}

TEST(RemoveAll, TakesTheTreeAndLeavesWhatLinksPointTo) {
  ScratchFolder scratch;
  ASSERT_TRUE(make_folders(scratch.at("out/side")).ok());
  ASSERT_TRUE(write_file(scratch.at("out/side/kept"), "x").ok());
  ASSERT_TRUE(make_folders(scratch.at("tree/a/b")).ok());
  ASSERT_TRUE(write_file(scratch.at("tree/a/f"), "x").ok());
  ASSERT_EQ(::symlink(scratch.at("out/side").c_str(), scratch.at("tree/a/link").c_str()), 0);
  ASSERT_TRUE(remove_all(scratch.at("tree")).ok());
  EXPECT_FALSE(path_exists(scratch.at("tree")));
  EXPECT_TRUE(path_exists(scratch.at("out/side/kept")));
  EXPECT_TRUE(remove_all(scratch.at("tree")).ok()) << "absent is success";
  EXPECT_FALSE(remove_all("/tmp/..").ok());
}

TEST(RemoveAll, LinkItselfIsRemovedAndNotItsTarget) {
  ScratchFolder scratch;
  ASSERT_TRUE(make_folders(scratch.at("kept/x")).ok());
  ASSERT_EQ(::symlink(scratch.at("kept").c_str(), scratch.at("link").c_str()), 0);
  ASSERT_TRUE(remove_all(scratch.at("link")).ok());
  EXPECT_TRUE(path_exists(scratch.at("kept/x")));
}

TEST(RemoveAll, StopsAtABindMountOfTheSameFileSystem) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  ScratchFolder scratch;
  ASSERT_TRUE(make_folders(scratch.at("host")).ok());
  ASSERT_TRUE(write_file(scratch.at("host/kept"), "x").ok());
  ASSERT_TRUE(make_folders(scratch.at("tree/volume")).ok());
  ASSERT_TRUE(bind_mount(scratch.at("host"), scratch.at("tree/volume")).ok());
  auto removed = remove_all(scratch.at("tree"));
  ASSERT_FALSE(removed.ok());
  EXPECT_EQ(removed.error().code(), Code::Conflict);
  EXPECT_TRUE(path_exists(scratch.at("host/kept")));
}

TEST(FileLock, SecondHolderIsToldTheFirst) {
  ScratchFolder scratch;
  {
    auto first = FileLock::acquire(scratch.at("lock"));
    ASSERT_TRUE(first.ok());
    auto second = FileLock::acquire(scratch.at("lock"));
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code(), Code::AlreadyExists);
    EXPECT_THAT(second.error().message(), ::testing::HasSubstr(std::to_string(::getpid())));
  }
  EXPECT_TRUE(FileLock::acquire(scratch.at("lock")).ok());
}

TEST(OpenBeneath, NeverLeavesItsFolder) {
  ScratchFolder scratch;
  ASSERT_TRUE(make_folders(scratch.at("v/in")).ok());
  ASSERT_TRUE(write_file(scratch.at("v/in/f"), "x").ok());
  ASSERT_TRUE(write_file(scratch.at("secret"), "x").ok());
  ASSERT_EQ(::symlink("in/f", scratch.at("v/good").c_str()), 0);
  ASSERT_EQ(::symlink("../secret", scratch.at("v/up").c_str()), 0);
  ASSERT_EQ(::symlink(scratch.at("secret").c_str(), scratch.at("v/absolute").c_str()), 0);
  Fd folder(::open(scratch.at("v").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(open_beneath(folder.get(), "in/f", O_RDONLY).ok());
  EXPECT_TRUE(open_beneath(folder.get(), "good", O_RDONLY).ok());
  EXPECT_TRUE(open_beneath(folder.get(), "in/../in/f", O_RDONLY).ok());
  for (const char* path : {"up", "absolute", "../secret", "/etc/passwd", "in/../../secret"}) {
    auto opened = open_beneath(folder.get(), path, O_RDONLY);
    ASSERT_FALSE(opened.ok()) << path;
    EXPECT_EQ(opened.error().code(), Code::Forbidden) << path;
  }
}

TEST(DiskSpace, IsReadFromTheFileSystem) {
  auto space = disk_space("/tmp");
  ASSERT_TRUE(space.ok());
  EXPECT_GT(space->bytes, space->available_bytes);
  EXPECT_FALSE(disk_space("/no/such").ok());
}

}  // namespace
}  // namespace mizzen::linux
