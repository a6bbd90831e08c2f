#include "linux/process/appended_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "linux/files/descriptor.h"

namespace mizzen::linux {
namespace {

constexpr size_t kBlockBytes = 64 * 1024;

Result<void> copy_from(int from, off_t at, int to, const std::string& path) {
  std::string block(kBlockBytes, '\0');
  for (;;) {
    const ssize_t n = ::pread(from, block.data(), block.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read " + path, errno);
    if (n == 0) return {};
    at += n;
    for (ssize_t written = 0; written < n;) {
      const ssize_t w = ::write(to, block.data() + written, static_cast<size_t>(n - written));
      if (w < 0 && errno == EINTR) continue;
      if (w < 0) return system_error("write " + path + ".1", errno);
      written += w;
    }
  }
}

}  // namespace

Result<bool> bound_appended_log(const std::string& path, uint64_t bytes_max) {
  const Fd log(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!log.valid()) return errno == ENOENT ? Result<bool>(false) : system_error("open " + path, errno);
  struct stat st{};
  if (::fstat(log.get(), &st) != 0) return system_error("stat " + path, errno);
  const auto max = static_cast<off_t>(bytes_max);
  if (st.st_size <= max) return false;
  const std::string kept = path + ".1", unfinished = kept + ".tmp";
  const Fd to(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!to.valid()) return system_error("create " + unfinished, errno);
  MZ_TRY(copy_from(log.get(), st.st_size - max, to.get(), path));
  if (::rename(unfinished.c_str(), kept.c_str()) != 0) return system_error("rename " + unfinished, errno);
  if (::ftruncate(log.get(), 0) != 0) return system_error("truncate " + path, errno);
  return true;
}

}  // namespace mizzen::linux
