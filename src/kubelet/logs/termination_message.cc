#include "kubelet/logs/termination_message.h"

#include <fcntl.h>

#include <algorithm>

#include "base/file.h"
#include "kubelet/logs/log_file.h"

namespace mizzen::kubelet {
namespace {

constexpr int64_t kLogLinesMax = 80;
constexpr size_t kLogBytesMax = 2048;

std::string file_content(const std::string& path, size_t bytes_max) {
  // The container may have made it anything: a device, a pipe without writer. Nothing of it may block us.
  linux::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd.valid()) return {};
  const off_t size = ::lseek(fd.get(), 0, SEEK_END);
  const off_t begin = std::max<off_t>(0, size - static_cast<off_t>(bytes_max));
  std::string out(bytes_max, '\0');
  const ssize_t n = ::pread(fd.get(), out.data(), out.size(), begin);
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return out;
}

std::string log_end(const std::string& path, size_t bytes_max) {
  auto log = LogFile::open(path, {.tail_lines = kLogLinesMax});
  if (!log.ok()) return {};
  std::string out;
  for (;;) {
    auto more = log->next();
    if (!more.ok() || more->empty()) break;
    out += *more;
  }
  const size_t keep = std::min(kLogBytesMax, bytes_max);
  return out.size() > keep ? out.substr(out.size() - keep) : out;
}

}  // namespace

std::string termination_message(const ContainerRecord& c, size_t bytes_max) {
  const size_t keep = std::min(bytes_max, kTerminationMessageBytesMax);
  std::string out = c.termination_path.empty() ? std::string() : file_content(c.termination_path, keep);
  if (out.empty() && c.exit_code != 0 && c.termination_policy == "FallbackToLogsOnError")
    out = log_end(c.log_path, keep);
  return out.empty() ? c.message : out;
}

}  // namespace mizzen::kubelet
