#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "linux/files/descriptor.h"

namespace mizzen::linux {

/// One line of /proc/self/mountinfo.
struct MountEntry {
  std::string mount_point;
  std::string root;  ///< the folder of the file system that is mounted here
  std::string type;
  std::string source;
  std::string options;        ///< of the mount: rw,relatime
  std::string super_options;  ///< of the file system
  bool shared = false;        ///< mounts below propagate to peers
};

/// Pure: reads the text of a mountinfo file; lines it cannot read are left out. Octal escapes are undone.
std::vector<MountEntry> parse_mountinfo(std::string_view text);
/// The mounts of this process, in the order they were made.
Result<std::vector<MountEntry>> mounts();
/// True where a mount stands exactly at `path` (no trailing slash).
Result<bool> is_mount_point(const std::string& path);

/// How a bind mount shows its source.
struct BindOptions {
  bool read_only = false;
  bool recursive = true;
};
/// Shows `source` at `target`; both exist. With read_only the mounts below stay as they are.
Result<void> bind_mount(const std::string& source, const std::string& target,
                        const BindOptions& options = {});
/// The same for something already opened, so that nothing between look-up and mount can be swapped.
Result<void> bind_mount(const Fd& source, const std::string& target, const BindOptions& options = {});

/// A file system in memory.
struct TmpfsOptions {
  uint64_t size_bytes = 0;  ///< 0: the kernel's default, half of the memory
  unsigned mode = 0755;
  bool no_swap = false;  ///< asks for `noswap` where the kernel knows it (secrets)
};
Result<void> mount_tmpfs(const std::string& target, const TmpfsOptions& options = {});

/// Makes mounts below `path` propagate to the containers that ask for it; makes `path` a mount first where it
/// is none.
Result<void> make_shared(const std::string& path);

/// Takes the mount at `path` away, lazily where it is busy. Nothing mounted there is success.
Result<void> unmount(const std::string& path);
/// Every mount at or below `prefix`, deepest and newest first. Goes on after a failure and returns the first
/// one.
Result<void> unmount_all_under(const std::string& prefix);

/// May a look-up pass from one mount into another?
enum class Crossing { Allowed, Forbidden };
/// Opens `path`, relative to `folder`, without ever leaving it: no `..` above it, no absolute links, no magic
/// links (openat2 with RESOLVE_BENEATH). Links that stay inside are followed unless `flags` says O_NOFOLLOW.
/// Forbidden where the path tries to leave, Conflict where it meets a mount it may not enter. For everything
/// whose name or content a pod controls.
Result<Fd> open_beneath(int folder, const std::string& path, int flags, Crossing crossing = Crossing::Allowed,
                        unsigned mode = 0);

}  // namespace mizzen::linux
