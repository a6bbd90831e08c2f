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

/// The number of NUMBER.log; nothing for other names.
std::optional<uint32_t> attempt_of(const std::string& name) {
  if (!name.ends_with(".log")) return std::nullopt;
  return parse_int<uint32_t>(std::string_view(name).substr(0, name.size() - 4));
}

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
  const auto list = [](const std::string& folder) {
    auto names = linux::list_folder(folder);
    return names.ok() ? std::move(*names) : std::vector<std::string>();
  };
  for (const auto& pod : list(options_.logs_folder)) {
    const std::string uid = pod.substr(pod.rfind('_') + 1);
    const std::string pod_folder = options_.logs_folder + "/" + pod;
    for (const auto& container : list(pod_folder)) {
      const std::string folder = pod_folder + "/" + container;
      const auto names = list(folder);
      for (const auto& name : names) {
        struct stat st{};
        if (!attempt_of(name) || ::stat((folder + "/" + name).c_str(), &st) != 0 ||
            st.st_size <= options_.bytes_max)
          continue;
        const auto done = rotate(uid, container, folder, name, names);
        if (!done.ok()) {
          log::warn("kubelet", "Cannot rotate log",
                    {log::kv("log", folder + "/" + name), log::kv("error", done.error().message())});
        } else if (*done) {
          ++out;
        }
      }
    }
  }
  return out;
}

Result<std::string> LogRotation::running_container(const std::string& uid, const std::string& container,
                                                   uint32_t attempt) {
  cri::v1::ListContainersRequest request;
  auto& filter = request.filter.ensure();
  filter.label_selector.set(cri::kPodUidLabel, uid);
  filter.label_selector.set(cri::kContainerNameLabel, container);
  filter.state.ensure().state = cri::v1::ContainerState::CONTAINER_RUNNING;
  MZ_ASSIGN(const auto found, cri::wait<&cri::Runtime::list_containers>(
                                  runtime_, request, Deadline::after(kRuntimeTimeout, clock_)));
  for (const auto& c : found.containers) {
    if (c.metadata && c.metadata->attempt == attempt) return c.id;
  }
  return std::string();
}

Result<bool> LogRotation::rotate(const std::string& uid, const std::string& container,
                                 const std::string& folder, const std::string& log,
                                 const std::vector<std::string>& names) {
  MZ_ASSIGN(const auto id, running_container(uid, container, attempt_of(log).value_or(0)));
  if (id.empty()) return false;  // it ended: its log does not grow
  const auto plan = plan_rotation(log, names, options_.files_max);
  for (const auto& name : plan.remove) MZ_TRY(linux::remove_all(folder + "/" + name));
  for (const auto& name : plan.compress) MZ_TRY(compress(folder + "/" + name));
  const std::string path = folder + "/" + log;
  const std::string rotated = path + "." + stamp(clock_.wall());
  if (::rename(path.c_str(), rotated.c_str()) != 0) return system_error("rename " + path, errno);
  cri::v1::ReopenContainerLogRequest reopen;
  reopen.container_id = id;
  auto reopened = cri::wait<&cri::Runtime::reopen_container_log>(runtime_, reopen,
                                                                 Deadline::after(kRuntimeTimeout, clock_));
  if (reopened.ok()) return true;
  // The runtime still writes to the old file: it gets its name back.
  if (::rename(rotated.c_str(), path.c_str()) != 0)
    log::warn("kubelet", "Cannot give a log its name back", {log::kv("log", path), log::kv("file", rotated)});
  return reopened.error();
}

}  // namespace mizzen::kubelet
