#include "base/file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

namespace mizzen {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    char name[] = "/tmp/mizzen-file-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  std::string folder_;
};

unsigned mode_of(const std::string& path) {
  struct stat st{};
  return ::stat(path.c_str(), &st) == 0 ? st.st_mode & 07777u : 0;
}

TEST_F(FileTest, WhatIsWrittenIsReadBackWithItsMode) {
  ASSERT_TRUE(write_file(at("a"), "one", 0600).ok());
  ASSERT_TRUE(write_file(at("a"), "three", 0640).ok());
  EXPECT_EQ(*read_file(at("a")), "three");
  EXPECT_EQ(mode_of(at("a")), 0640u);
  size_t files = 0;
  for ([[maybe_unused]] auto& entry : std::filesystem::directory_iterator(folder_)) ++files;
  EXPECT_EQ(files, 1u) << "no temporary file may stay";
}

TEST_F(FileTest, BoundIsExact) {
  ASSERT_TRUE(write_file(at("a"), "12345").ok());
  EXPECT_TRUE(read_file(at("a"), 5).ok());
  auto longer = read_file(at("a"), 4);
  ASSERT_FALSE(longer.ok());
  EXPECT_EQ(longer.error().code(), Code::RequestEntityTooLarge);
}

TEST_F(FileTest, ProcFilesOfUnknownSizeAreReadWhole) {
  auto text = read_file("/proc/self/status");
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("Pid:"), std::string::npos);
}

TEST_F(FileTest, AbsentFileIsNotFound) {
  auto absent = read_file(at("absent"));
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code(), Code::NotFound);
  EXPECT_FALSE(write_file(at("no/such/folder"), "x").ok());
}

TEST_F(FileTest, FoldersAreMadeWithTheirModeAndExistingOnesLeftAlone) {
  ASSERT_TRUE(make_folders(at("x"), 0755).ok());
  ASSERT_TRUE(make_folders(at("x/y/z"), 0700).ok());
  EXPECT_EQ(mode_of(at("x")), 0755u);
  EXPECT_EQ(mode_of(at("x/y")), 0700u);
  EXPECT_TRUE(path_exists(at("x/y/z")));
  ASSERT_TRUE(write_file(at("f"), "").ok());
  EXPECT_FALSE(make_folders(at("f")).ok());
}

}  // namespace
}  // namespace mizzen
