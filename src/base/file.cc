#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace mizzen {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return system_error("write " + path, errno);
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<void> fill(const std::string& path, std::string_view bytes, unsigned mode) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0) return system_error("create " + path, errno);
  MZ_TRY(write_all(fd.get(), bytes, path));
  if (::fchmod(fd.get(), mode) != 0) return system_error("chmod " + path, errno);
  if (::fsync(fd.get()) != 0) return system_error("fsync " + path, errno);
  return {};
}

}  // namespace

Error system_error(std::string_view doing, int error_number) {
  Code code = Code::InternalError;
  switch (error_number) {
    case ENOENT:
      code = Code::NotFound;
      break;
    case EEXIST:
      code = Code::AlreadyExists;
      break;
    case EACCES:
    case EPERM:
      code = Code::Forbidden;
      break;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      code = Code::ServiceUnavailable;
      break;
    case ETIMEDOUT:
      code = Code::Timeout;
      break;
    default:
      break;
  }
  char buffer[128];
  return Error(code, fmt::format("{}: {}", doing, ::strerror_r(error_number, buffer, sizeof buffer)));
}

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return system_error("open " + path, errno);
  struct stat st{};
  if (::fstat(fd.get(), &st) != 0) return system_error("stat " + path, errno);
  std::string out;
  size_t used = 0;
  out.resize(std::min<size_t>(st.st_size > 0 ? static_cast<size_t>(st.st_size) + 1 : 4096, bytes_max + 1));
  for (;;) {
    if (used == out.size()) {
      if (used > bytes_max) {
        return Error(Code::RequestEntityTooLarge, fmt::format("{} is longer than {} bytes", path, bytes_max));
      }
      out.resize(std::min(out.size() * 2, bytes_max + 1));
    }
    const ssize_t n = ::read(fd.get(), out.data() + used, out.size() - used);
    if (n < 0) {
      if (errno == EINTR) continue;
      return system_error("read " + path, errno);
    }
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  if (used > bytes_max) {
    return Error(Code::RequestEntityTooLarge, fmt::format("{} is longer than {} bytes", path, bytes_max));
  }
  out.resize(used);
  return out;
}

Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode) {
  static std::atomic<uint64_t> counter{0};
  const std::string temporary = fmt::format("{}.tmp-{}-{}", path, ::getpid(), counter.fetch_add(1));
  ::unlink(temporary.c_str());  // left by an earlier process of this id
  auto filled = fill(temporary, bytes, mode);
  if (filled.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    filled = system_error(fmt::format("rename {} to {}", temporary, path), errno);
  }
  if (!filled.ok()) {
    ::unlink(temporary.c_str());
    return filled;
  }
  return sync_folder(folder_of(path));
}

Result<void> sync_folder(const std::string& path) {
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return system_error("fsync " + path, errno);
  return {};
}

Result<void> make_folders(const std::string& path, unsigned mode) {
  if (path.empty()) return Error(Code::BadRequest, "make folders: empty path");
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) == 0) {
      if (::chmod(part.c_str(), mode) != 0) return system_error("chmod " + part, errno);
    } else if (errno != EEXIST) {
      return system_error("mkdir " + part, errno);
    }
    if (end == std::string::npos) break;
  }
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) return system_error("stat " + path, errno);
  if (!S_ISDIR(st.st_mode)) return system_error("mkdir " + path, ENOTDIR);
  return {};
}

bool path_exists(const std::string& path) {
  struct stat st{};
  return ::lstat(path.c_str(), &st) == 0;
}

}  // namespace mizzen
