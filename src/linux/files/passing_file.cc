#include "linux/files/passing_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "linux/files/descriptor.h"

namespace mizzen::linux {
namespace {

Result<void> fill(const std::string& path, std::string_view bytes, unsigned mode) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return system_error("create " + path, errno);
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("write " + path, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  if (::fchmod(fd.get(), mode) != 0) return system_error("chmod " + path, errno);
  return {};
}

}  // namespace

Result<void> write_passing_file(const std::string& path, std::string_view bytes, unsigned mode) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());  // of a process that died
  auto done = fill(beside, bytes, mode);
  if (done.ok() && ::rename(beside.c_str(), path.c_str()) != 0)
    done = system_error("rename to " + path, errno);
  if (!done.ok()) ::unlink(beside.c_str());
  return done;
}

}  // namespace mizzen::linux
