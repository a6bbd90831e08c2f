#include "volumes/plugins/sub_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/strings.h"
#include "linux/files/file.h"
#include "linux/files/mounts.h"

namespace mizzen::volumes {
namespace {

/// Makes a folder that is to its users what the volume itself is: of its mode, whatever the umask, and where
/// that hands on the group (fsGroup), of its group. One that stands already keeps what it has.
Result<void> make_like(const struct stat& volume, const linux::Fd& parent, const std::string& name) {
  if (::mkdirat(parent.get(), name.c_str(), volume.st_mode & 0777) != 0) {
    return errno == EEXIST ? Result<void>() : system_error("mkdir " + name, errno);
  }
  const linux::Fd made(::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made.valid()) return system_error("open " + name, errno);
  if ((volume.st_mode & S_ISGID) != 0 && ::fchown(made.get(), static_cast<uid_t>(-1), volume.st_gid) != 0)
    return system_error("chown " + name, errno);
  if (::fchmod(made.get(), volume.st_mode & 07777) != 0) return system_error("chmod " + name, errno);
  return {};
}

/// Opens the sub-path beneath the volume, making what is missing as folders.
Result<linux::Fd> open_or_make(int volume, const std::string& path) {
  auto found = linux::open_beneath(volume, path, O_PATH);
  if (found.ok() || found.error().code() != Code::NotFound) return found;
  struct stat like{};
  if (::fstat(volume, &like) != 0) return system_error("stat volume", errno);
  std::string made;
  for (const auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    const std::string parent = made.empty() ? "." : made;
    made += (made.empty() ? "" : "/") + std::string(part);
    MZ_ASSIGN(auto folder, linux::open_beneath(volume, parent, O_RDONLY | O_DIRECTORY));
    MZ_TRY(make_like(like, folder, std::string(part)));
  }
  return linux::open_beneath(volume, path, O_PATH);
}

}  // namespace

Result<std::string> bind_sub_path(const PodFolders& folders, const SubPath& s) {
  const auto parts = split(s.path, '/');
  if (std::find(parts.begin(), parts.end(), "..") != parts.end() || s.path.starts_with("/")) {
    return Error(Code::BadRequest, fmt::format("subPath {} must be a relative path without '..'", s.path));
  }
  linux::Fd volume(::open(s.volume_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!volume.valid()) return system_error("open volume " + s.volume_path, errno);
  MZ_ASSIGN(auto found, open_or_make(volume.get(), s.path));
  struct stat st{};
  if (::fstat(found.get(), &st) != 0) return system_error("stat subPath " + s.path, errno);
  const std::string folder =
      fmt::format("{}/volume-subpaths/{}/{}", folders.pod(s.pod_uid), s.volume, s.container);
  const std::string target = fmt::format("{}/{}", folder, s.index);
  MZ_TRY(make_folders(folder, 0750));
  // Anew for each start: the path may mean another file by now (an updated config map).
  MZ_TRY(linux::unmount(target));
  MZ_TRY(linux::remove_all(target));
  if (S_ISDIR(st.st_mode)) {
    MZ_TRY(make_folders(target, 0750));
  } else {
    MZ_TRY(write_file(target, "", 0640));
  }
  MZ_TRY(linux::bind_mount(found, target, {.read_only = s.read_only}));
  return target;
}

}  // namespace mizzen::volumes
