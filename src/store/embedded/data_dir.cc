#include "store/embedded/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "base/file.h"
#include "base/strings.h"

namespace mizzen::store {
namespace {

constexpr std::string_view kFormatWord = "mizzen-store";

Result<int> take_lock(const std::string& path) {
  const std::string file = path + "/LOCK";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return system_error("open " + file, errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    const std::string owner(trim(read_file(file).value_or("")));
    return Error(Code::Conflict,
                 fmt::format("the data folder {} is in use by process {}: stop it first, or name "
                             "another folder",
                             path, owner.empty() ? "?" : owner));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    // The lock holds all the same; the id is only for the message above.
  }
  return fd;
}

Result<void> check_format(const std::string& path) {
  const std::string file = path + "/FORMAT";
  if (!path_exists(file)) {
    if (path_exists(path + "/db")) {
      return Error(Code::Invalid,
                   fmt::format("the data folder {} holds a store without a FORMAT file: it is damaged or "
                               "not ours; name another folder",
                               path));
    }
    return write_file(file, fmt::format("{} {}\n", kFormatWord, DataDir::kFormat), 0600);
  }
  MZ_ASSIGN(const std::string text, read_file(file));
  const std::string wanted = fmt::format("{} {}", kFormatWord, DataDir::kFormat);
  if (trim(text) == wanted) return {};
  return Error(Code::Invalid,
               fmt::format("the data folder {} is of format {}, this version reads {}: use the version "
                           "that wrote it, or name another folder",
                           path, quote(trim(text)), quote(wanted)));
}

/// Makes the folder and what is missing above it, durably.
Result<void> make_durable(const std::string& path) {
  std::vector<std::string> above;  // folders that get a new name in them
  for (std::string at = path; !path_exists(at);) {
    const size_t slash = at.rfind('/');
    at = slash == std::string::npos ? "." : slash == 0 ? "/" : at.substr(0, slash);
    above.push_back(at);
  }
  MZ_TRY(make_folders(path, 0700));
  for (const std::string& folder : above) MZ_TRY(sync_folder(folder));
  return {};
}

}  // namespace

Result<DataDir> DataDir::open(std::string path, uint64_t reserve_bytes) {
  MZ_TRY(make_durable(path));
  MZ_ASSIGN(const int fd, take_lock(path));
  DataDir dir(std::move(path), fd, reserve_bytes);
  MZ_TRY(check_format(dir.path_));
  MZ_TRY(make_folders(dir.db_path(), 0700));
  MZ_TRY(sync_folder(dir.path_));  // db/ itself must outlive a loss of power, not only what is in it
  return dir;
}

DataDir::DataDir(std::string path, int lock_fd, uint64_t reserve_bytes)
    : path_(std::move(path)), lock_fd_(lock_fd), reserve_bytes_(reserve_bytes) {}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::move(other.path_)),
      lock_fd_(std::exchange(other.lock_fd_, -1)),
      reserve_bytes_(other.reserve_bytes_) {}

DataDir::~DataDir() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

void DataDir::release_reserve() { ::unlink((path_ + "/reserve").c_str()); }

uint64_t DataDir::free_bytes() const {
  struct statvfs space{};
  if (::statvfs(path_.c_str(), &space) != 0) return 0;
  return static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
}

bool DataDir::restore_reserve(uint64_t spare_bytes) {
  const std::string file = path_ + "/reserve";
  struct stat have{};
  const bool whole = reserve_bytes_ == 0 || (::stat(file.c_str(), &have) == 0 &&
                                             static_cast<uint64_t>(have.st_blocks) * 512 >= reserve_bytes_);
  if (free_bytes() < spare_bytes + (whole ? 0 : reserve_bytes_)) return false;
  if (whole) return true;
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool ok = ::posix_fallocate(fd, 0, static_cast<off_t>(reserve_bytes_)) == 0;
  ::close(fd);
  if (!ok) release_reserve();
  return ok;
}

}  // namespace mizzen::store
