#include "linux/files/disk_walk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "linux/files/descriptor.h"

namespace mizzen::linux {
namespace {
constexpr uint64_t kBlockBytes = 512;  // of st_blocks, whatever the file system's are
}

Result<DiskWalk> DiskWalk::begin(const std::string& folder) {
  DiskWalk out;
  MZ_TRY(out.enter(AT_FDCWD, folder.c_str()));
  struct stat st{};
  if (::fstat(::dirfd(out.open_.back().get()), &st) != 0) return system_error("stat " + folder, errno);
  out.device_ = st.st_dev;
  out.bytes_ = static_cast<uint64_t>(st.st_blocks) * kBlockBytes;
  out.files_ = 1;
  return out;
}

Result<void> DiskWalk::enter(int folder, const char* name) {
  Fd fd(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return system_error(std::string("open ") + name, errno);
  DIR* opened = ::fdopendir(fd.get());
  if (opened == nullptr) return system_error(std::string("read ") + name, errno);
  (void)fd.release();
  open_.emplace_back(opened);
  return {};
}

void DiskWalk::look_at(int folder, const char* name) {
  struct stat st{};
  if (::fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) whole_ = false;
    return;
  }
  if (st.st_dev != device_) return;
  const bool is_folder = S_ISDIR(st.st_mode);
  if (!is_folder && st.st_nlink > 1) {
    if (seen_.contains(st.st_ino)) return;
    if (seen_.size() >= kLinksMax) {
      whole_ = false;
      return;
    }
    seen_.insert(st.st_ino);
  }
  bytes_ += static_cast<uint64_t>(st.st_blocks) * kBlockBytes;
  ++files_;
  if (!is_folder) return;
  if (open_.size() >= kDepthMax || !enter(folder, name).ok()) whole_ = false;
}

bool DiskWalk::step(size_t entries_max) {
  for (size_t i = 0; i < entries_max && !open_.empty(); ++i) {
    DIR* const folder = open_.back().get();
    const dirent* entry = ::readdir(folder);
    if (entry == nullptr) {
      open_.pop_back();
      continue;
    }
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    look_at(::dirfd(folder), entry->d_name);
  }
  return open_.empty();
}

}  // namespace mizzen::linux
