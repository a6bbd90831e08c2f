#include "linux/files/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/strings.h"
#include "linux/files/mounts.h"

namespace mizzen::linux {
namespace {

constexpr int kRemoveDepthMax = 4096;

struct CloseDir {
  void operator()(DIR* d) const { ::closedir(d); }
};

Result<void> remove_contents(Fd folder, const std::string& path, int depth);

Result<void> remove_entry(int folder, const char* name, const std::string& path, int depth) {
  if (::unlinkat(folder, name, 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return system_error("remove " + path, errno);
  auto child = open_beneath(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, Crossing::Forbidden);
  if (!child.ok()) {
    if (child.error().code() == Code::NotFound) return {};
    return child.error().with_context("remove " + path);
  }
  MZ_TRY(remove_contents(std::move(*child), path, depth + 1));
  if (::unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
  if (errno == EBUSY) return Error(Code::Conflict, "remove " + path + ": something is mounted there");
  return system_error("remove " + path, errno);
}

Result<void> remove_contents(Fd folder, const std::string& path, int depth) {
  if (depth > kRemoveDepthMax) return Error(Code::RequestEntityTooLarge, "remove " + path + ": too deep");
  std::unique_ptr<DIR, CloseDir> dir(::fdopendir(folder.get()));
  if (!dir) return system_error("read folder " + path, errno);
  const int fd = folder.release();  // now the DIR's
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    MZ_TRY(remove_entry(fd, entry->d_name, path + "/" + entry->d_name, depth));
  }
  return {};
}

bool is_folder(int folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat st{};
  return ::fstatat(folder, entry.d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

}  // namespace

Result<std::vector<std::string>> list_folder(const std::string& path, size_t names_max) {
  std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
  if (!dir) return system_error("open folder " + path, errno);
  std::vector<std::string> out;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (out.size() == names_max) {
      return Error(Code::RequestEntityTooLarge, fmt::format("{} holds more than {} names", path, names_max));
    }
    out.emplace_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<std::string>> list_folders_in(const std::string& path) {
  std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
  if (!dir) return system_error("open folder " + path, errno);
  std::vector<std::string> out;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && is_folder(::dirfd(dir.get()), *entry)) out.emplace_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<void> remove_all(const std::string& path) {
  std::string clean = path;
  while (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  const auto slash = clean.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : clean.substr(0, slash);
  const std::string name = slash == std::string::npos ? clean : clean.substr(slash + 1);
  if (name.empty() || name == "." || name == "..")
    return Error(Code::BadRequest, "refusing to remove " + path);
  Fd folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) {
    if (errno == ENOENT) return {};
    return system_error("open folder " + parent, errno);
  }
  return remove_entry(folder.get(), name.c_str(), clean, 0);
}

Result<FileLock> FileLock::acquire(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return system_error("open " + path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("lock " + path, errno);
    auto holder = read_file(path, 64);
    return Error(Code::AlreadyExists, fmt::format("{} is held by process {}", path,
                                                  holder.ok() ? trim(*holder) : std::string_view("?")));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) {
    return system_error("write " + path, errno);
  }
  return FileLock(std::move(fd));
}

Result<DiskSpace> disk_space(const std::string& path) {
  struct statvfs st{};
  if (::statvfs(path.c_str(), &st) != 0) return system_error("statvfs " + path, errno);
  struct stat at{};
  if (::stat(path.c_str(), &at) != 0) return system_error("stat " + path, errno);
  return DiskSpace{.bytes = st.f_blocks * st.f_frsize,
                   .available_bytes = st.f_bavail * st.f_frsize,
                   .files = st.f_files,
                   .available_files = st.f_favail,
                   .device = at.st_dev};
}

}  // namespace mizzen::linux
