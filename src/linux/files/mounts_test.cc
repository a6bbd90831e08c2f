#include "linux/files/mounts.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "linux/files/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::linux {
namespace {

TEST(ParseMountinfo, ReadsEscapesSharingAndBothOptionLists) {
  const auto all = parse_mountinfo(
      "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue\n"
      "junk line\n"
      "37 35 0:5 / /x ro - tmpfs tmpfs rw,size=4k\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].mount_point, "/mnt 2");
  EXPECT_EQ(all[0].root, "/mnt1");
  EXPECT_EQ(all[0].type, "ext3");
  EXPECT_EQ(all[0].super_options, "rw,errors=continue");
  EXPECT_TRUE(all[0].shared);
  EXPECT_EQ(all[1].options, "ro");
  EXPECT_FALSE(all[1].shared);
}

class MountsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "needs root";
    ASSERT_TRUE(make_folders(scratch_.at("from")).ok());
    ASSERT_TRUE(make_folders(scratch_.at("to")).ok());
    ASSERT_TRUE(write_file(scratch_.at("from/f"), "x").ok());
  }
  ScratchFolder scratch_;
};

TEST_F(MountsTest, ReadOnlyBindCannotBeWrittenThrough) {
  ASSERT_TRUE(bind_mount(scratch_.at("from"), scratch_.at("to"), {.read_only = true}).ok());
  EXPECT_TRUE(*is_mount_point(scratch_.at("to")));
  EXPECT_TRUE(path_exists(scratch_.at("to/f")));
  EXPECT_FALSE(write_file(scratch_.at("to/g"), "x").ok());
  EXPECT_TRUE(write_file(scratch_.at("from/g"), "x").ok());
  ASSERT_TRUE(unmount(scratch_.at("to")).ok());
  EXPECT_TRUE(unmount(scratch_.at("to")).ok()) << "not mounted is success";
  EXPECT_FALSE(path_exists(scratch_.at("to/f")));
}

TEST_F(MountsTest, OpenedFileIsBoundWhateverItsNameMeansLater) {
  ASSERT_TRUE(write_file(scratch_.at("target"), "").ok());
  Fd file(::open(scratch_.at("from/f").c_str(), O_PATH | O_CLOEXEC));
  ASSERT_EQ(::rename(scratch_.at("from/f").c_str(), scratch_.at("from/moved").c_str()), 0);
  ASSERT_TRUE(write_file(scratch_.at("from/f"), "other").ok());
  ASSERT_TRUE(bind_mount(file, scratch_.at("target")).ok());
  EXPECT_EQ(*read_file(scratch_.at("target")), "x");
}

TEST_F(MountsTest, TmpfsHasItsSizeAndAllBelowAPrefixGoes) {
  ASSERT_TRUE(mount_tmpfs(scratch_.at("to"), {.size_bytes = 1 << 20, .mode = 0700, .no_swap = true}).ok());
  EXPECT_EQ(disk_space(scratch_.at("to"))->bytes, 1u << 20);
  ASSERT_TRUE(make_folders(scratch_.at("to/deeper")).ok());
  ASSERT_TRUE(mount_tmpfs(scratch_.at("to/deeper")).ok());
  ASSERT_TRUE(make_folders(scratch_.at("to2")).ok());
  ASSERT_TRUE(mount_tmpfs(scratch_.at("to2")).ok());
  ASSERT_TRUE(unmount_all_under(scratch_.at("to")).ok());
  EXPECT_FALSE(*is_mount_point(scratch_.at("to")));
  EXPECT_TRUE(*is_mount_point(scratch_.at("to2"))) << "a longer name is not below";
}

TEST_F(MountsTest, MakeSharedTwiceMakesOneMount) {
  ASSERT_TRUE(make_shared(scratch_.at("to")).ok());
  ASSERT_TRUE(make_shared(scratch_.at("to")).ok());
  const auto all = mounts();
  int found = 0;
  for (const auto& m : *all) found += m.mount_point == scratch_.at("to") && m.shared;
  EXPECT_EQ(found, 1);
}

}  // namespace
}  // namespace mizzen::linux
