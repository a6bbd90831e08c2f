#pragma once
#include <string>
#include <vector>

#include "linux/files/descriptor.h"

namespace mizzen::linux {

/// Names in a folder, sorted, without "." and "..". Bound: names_max, beyond it RequestEntityTooLarge.
Result<std::vector<std::string>> list_folder(const std::string& path, size_t names_max = 1'000'000);

/// Names of the folders right below `path`, sorted; links to folders are none. The file system is asked once
/// for all of them, and for one alone only where its list does not say what it is.
Result<std::vector<std::string>> list_folders_in(const std::string& path);

/// Removes what stands at `path`, with everything below. Follows no link and enters no other mount: where
/// something is mounted below, it stops with Conflict and what it already removed stays removed. Nothing at
/// `path` is success.
Result<void> remove_all(const std::string& path);

/// An exclusive flock(2) on a file, held until the object goes or the process ends: guards against two
/// servers on one data folder. The file stays; its content is the holder's process id, for the message to the
/// loser.
class FileLock {
 public:
  /// AlreadyExists (with the holder's process id in the text) where another process holds it.
  static Result<FileLock> acquire(const std::string& path);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

/// Bytes of the file system that holds `path`.
struct DiskSpace {
  uint64_t bytes = 0;
  uint64_t available_bytes = 0;  ///< to a process without special rights
  uint64_t files = 0;
  uint64_t available_files = 0;
  uint64_t device = 0;  ///< the same for everything on one file system
};
Result<DiskSpace> disk_space(const std::string& path);

}  // namespace mizzen::linux
