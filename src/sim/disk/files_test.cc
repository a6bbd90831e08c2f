#include "sim/disk/files.h"

#include <gtest/gtest.h>

namespace mizzen::sim {
namespace {

using rocksdb::IOOptions;

TEST(Files, KeepTheirAllocatedLengthUntilTheyAreClosed) {
  const auto medium = std::make_shared<Medium>(1);
  const auto files = files_on(medium);
  ASSERT_TRUE(files->CreateDir("/d", IOOptions(), nullptr).ok());
  rocksdb::FileOptions options;
  options.fallocate_with_keep_size = false;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(files->NewWritableFile("/d//f", options, &file, nullptr).ok());
  ASSERT_TRUE(file->Allocate(0, 10'000, IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Append("abc", IOOptions(), nullptr).ok());
  uint64_t size = 0;
  ASSERT_TRUE(files->GetFileSize("/d/f", IOOptions(), &size, nullptr).ok());
  EXPECT_EQ(size, 10'000u);
  std::unique_ptr<rocksdb::FSRandomAccessFile> reading;
  ASSERT_TRUE(files->NewRandomAccessFile("/d/f", options, &reading, nullptr).ok());
  char scratch[8];
  rocksdb::Slice read;
  ASSERT_TRUE(reading->Read(1, 4, IOOptions(), &read, scratch, nullptr).ok());
  EXPECT_EQ(read.ToString(), std::string("bc\0\0", 4)) << "zeros stand behind";
  ASSERT_TRUE(file->Close(IOOptions(), nullptr).ok());
  ASSERT_TRUE(files->GetFileSize("/d/f", IOOptions(), &size, nullptr).ok());
  EXPECT_EQ(size, 3u);
}

TEST(Files, TellWhatIsNotThere) {
  const auto files = files_on(std::make_shared<Medium>(1));
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  std::vector<std::string> names;
  EXPECT_TRUE(files->NewRandomAccessFile("/f", {}, &file, nullptr).IsPathNotFound());
  EXPECT_TRUE(files->FileExists("/f", IOOptions(), nullptr).IsNotFound());
  EXPECT_TRUE(files->GetChildren("/d", IOOptions(), &names, nullptr).IsPathNotFound());
  EXPECT_TRUE(files->RenameFile("/f", "/g", IOOptions(), nullptr).IsPathNotFound());
}

TEST(Files, ALockIsHeldByOne) {
  const auto files = files_on(std::make_shared<Medium>(1));
  rocksdb::FileLock* first = nullptr;
  rocksdb::FileLock* second = nullptr;
  ASSERT_TRUE(files->LockFile("/LOCK", IOOptions(), &first, nullptr).ok());
  EXPECT_FALSE(files->LockFile("/LOCK", IOOptions(), &second, nullptr).ok());
  ASSERT_TRUE(files->UnlockFile(first, IOOptions(), nullptr).ok());
  ASSERT_TRUE(files->LockFile("/LOCK", IOOptions(), &first, nullptr).ok());
  ASSERT_TRUE(files->UnlockFile(first, IOOptions(), nullptr).ok());
}

}  // namespace
}  // namespace mizzen::sim
