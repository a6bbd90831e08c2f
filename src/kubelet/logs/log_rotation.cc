#include "kubelet/logs/log_rotation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/check.h"
#include "base/strings.h"
#include "codec/tables/values.h"
#include "cri/blocking.h"
#include "kubelet/state/runtime_state.h"
#include "linux/files/descriptor.h"
#include "linux/files/file.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

constexpr std::string_view kCompressed = ".gz";
constexpr std::string_view kUnfinished = ".tmp";
constexpr size_t kBlockBytes = 64 * 1024;

/// 20260102-150405 of now, UTC.
std::string stamp(WallTime now) {
  std::string out;
  for (const char c : codec::format_time(codec::Time::from(now))) {
    if (c >= '0' && c <= '9') out.push_back(c);
    if (c == 'T') out.push_back('-');
    if (c == '.' || c == 'Z') break;
  }
  return out;
}

Result<void> copy_compressed(const std::string& from, gzFile to) {
  const linux::Fd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in.valid()) return system_error("open " + from, errno);
  std::string block(kBlockBytes, '\0');
  for (;;) {
    const ssize_t n = ::read(in.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read " + from, errno);
    if (n == 0) return {};
    if (::gzwrite(to, block.data(), static_cast<unsigned>(n)) != n)
      return system_error("compress " + from, errno);
  }
}

Result<void> compress(const std::string& path) {
  const std::string unfinished = path + std::string(kUnfinished);
  gzFile to = ::gzopen(unfinished.c_str(), "wbe");
  if (!to) return system_error("open " + unfinished, errno);
  auto done = copy_compressed(path, to);
  if (::gzclose(to) != Z_OK && done.ok()) done = system_error("write " + unfinished, errno);
  if (done.ok() && ::rename(unfinished.c_str(), (path + std::string(kCompressed)).c_str()) != 0)
    done = system_error("rename " + unfinished, errno);
  ::unlink(done.ok() ? path.c_str() : unfinished.c_str());
  return done;
}

}  // namespace

RotationPlan plan_rotation(const std::string& log, std::vector<std::string> rotated, int files_max) {
  RotationPlan out;
  std::erase_if(rotated, [&](const std::string& name) {
    if (!name.starts_with(log + ".")) return true;
    if (!name.ends_with(kUnfinished)) return false;
    out.remove.push_back(name);
    return true;
  });
  std::sort(rotated.begin(), rotated.end());  // their names are their times
  const size_t keep = static_cast<size_t>(std::max(files_max - 2, 0));
  const size_t gone = rotated.size() > keep ? rotated.size() - keep : 0;
  for (size_t i = 0; i < rotated.size(); ++i) {
    if (i < gone) {
      out.remove.push_back(rotated[i]);
    } else if (!rotated[i].ends_with(kCompressed)) {
      out.compress.push_back(rotated[i]);
    }
  }
  return out;
}

Result<void> remove_log(const std::string& path) {
  const auto slash = path.rfind('/');
  MZ_CHECK(slash != std::string::npos, "the log {} has no folder", path);
  const std::string folder = path.substr(0, slash), name = path.substr(slash + 1);
  const auto names = linux::list_folder(folder);
  if (!names.ok()) return names.error().code() == Code::NotFound ? Result<void>() : names.error();
  for (const auto& other : *names)
    if (other == name || other.starts_with(name + ".")) MZ_TRY(linux::remove_all(folder + "/" + other));
  return {};
}

size_t LogRotation::tick() {
  size_t out = 0;
  for (const auto& one : deps_.running()) {
    struct stat st{};
    if (::stat(one.path.c_str(), &st) != 0 || st.st_size <= options_.bytes_max) continue;
    const auto done = rotate(one);
    if (done.ok()) {
      ++out;
    } else {
      log::warn("kubelet", "Cannot rotate log",
                {log::kv("log", one.path), log::kv("error", done.error().message())});
    }
  }
  return out;
}

Result<void> LogRotation::rotate(const RunningLog& running) {
  const std::string& path = running.path;
  const auto slash = path.rfind('/');
  MZ_CHECK(slash != std::string::npos, "the log {} has no folder", path);
  const std::string folder = path.substr(0, slash);
  MZ_ASSIGN(auto names, linux::list_folder(folder));
  const auto plan = plan_rotation(path.substr(slash + 1), std::move(names), options_.files_max);
  for (const auto& name : plan.remove) MZ_TRY(linux::remove_all(folder + "/" + name));
  for (const auto& name : plan.compress) MZ_TRY(compress(folder + "/" + name));
  const std::string rotated = path + "." + stamp(deps_.clock.wall());
  if (::rename(path.c_str(), rotated.c_str()) != 0) return system_error("rename " + path, errno);
  cri::v1::ReopenContainerLogRequest reopen;
  reopen.container_id = running.container_id;
  auto reopened = cri::wait<&cri::Runtime::reopen_container_log>(
      deps_.runtime, reopen, Deadline::after(kRuntimeTimeout, deps_.clock));
  if (reopened.ok()) return {};
  // The runtime still writes to the old file: it gets its name back.
  if (::rename(rotated.c_str(), path.c_str()) != 0)
    log::warn("kubelet", "Cannot give a log its name back", {log::kv("log", path), log::kv("file", rotated)});
  return reopened.error();
}

}  // namespace mizzen::kubelet
