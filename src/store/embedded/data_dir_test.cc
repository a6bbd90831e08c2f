#include "store/embedded/data_dir.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/mutex.h"

namespace {

/// What was synced, by path: this program's fsync stands in front of the C library's.
mizzen::Guarded<std::vector<std::string>> synced;

}  // namespace

extern "C" int fsync(int fd) {
  std::error_code ignored;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored);
  synced.with([&](auto& paths) { paths.push_back(path.string()); });
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace mizzen::store {
namespace {

TEST(DataDir, EveryFolderThatIsMadeIsSyncedInTheOneAbove) {
  char name[] = "/tmp/mizzen-dir-XXXXXX";
  const std::string top = ::mkdtemp(name);
  synced.with([](auto& paths) { paths.clear(); });
  {
    const auto dir = DataDir::open(top + "/a/b", 0);
    ASSERT_TRUE(dir.ok()) << dir.error().message();
  }
  const auto paths = synced.with([](const auto& all) { return all; });
  for (const char* folder : {"", "/a", "/a/b"})
    EXPECT_NE(std::find(paths.begin(), paths.end(), top + folder), paths.end()) << folder;
  EXPECT_EQ(paths.back(), top + "/a/b") << "after db/ is made";
  EXPECT_TRUE(DataDir::open(top + "/a/b", 0).ok()) << "and again, with nothing to make";
  std::filesystem::remove_all(top);
}

}  // namespace
}  // namespace mizzen::store
