#include "kubelet/logs/log_rotation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

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

/// Bytes of a file; nothing where it is not there.
std::optional<int64_t> size_of(const std::string& path) {
  struct stat st{};
  return ::stat(path.c_str(), &st) == 0 ? std::optional<int64_t>(st.st_size) : std::nullopt;
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

LogRotation::LogRotation(Deps deps, Options options) : deps_(std::move(deps)), options_(options) {
  auto hints = linux::ChangeHints::open();
  if (hints.ok()) hints_ = std::move(*hints);
}

void LogRotation::hear() {
  if (followed_.empty()) return;
  const auto changed = hints_->changed();
  if (!changed) {  // any may have been touched
    for (const auto& [id, path] : followed_) {
      hints_->drop(id);
      seen_.at(path).followed.reset();
    }
    followed_.clear();
    return;
  }
  for (const auto id : *changed) {
    const auto found = followed_.find(id);
    if (found == followed_.end()) continue;
    seen_.at(found->second).followed.reset();
    followed_.erase(found);
  }
}

void LogRotation::follow(const std::string& path, Seen& seen) {
  if (!hints_ || seen.followed) return;
  const auto id = hints_->follow(path);
  // Two names of one file would have one id: only the first is followed.
  if (id && followed_.try_emplace(*id, path).second) seen.followed = id;
}

void LogRotation::unfollow(Seen& seen) {
  if (!seen.followed) return;
  hints_->drop(*seen.followed);
  followed_.erase(*seen.followed);
  seen.followed.reset();
}

void LogRotation::forget_others() {
  for (auto it = seen_.begin(); it != seen_.end();) {
    if (std::exchange(it->second.running, false)) {
      ++it;
    } else {
      unfollow(it->second);
      it = seen_.erase(it);
    }
  }
}

size_t LogRotation::tick() {
  size_t out = 0;
  hear();
  const auto now = deps_.clock.monotonic();
  for (const auto& one : deps_.running()) {
    const auto [place, fresh] = seen_.try_emplace(one.path);
    Seen& seen = place->second;
    seen.running = true;
    if (seen.followed && now - seen.looked < kLookAnyway) continue;
    ++looks_;
    auto bytes = size_of(one.path);
    if (bytes && !fresh && *bytes == seen.bytes && *bytes <= options_.bytes_max) {
      follow(one.path, seen);
      bytes = size_of(one.path);  // it may have grown before it was followed
    }
    seen.looked = now;
    seen.bytes = bytes.value_or(-1);
    if (seen.bytes <= options_.bytes_max) continue;
    unfollow(seen);  // what is too big is looked at until it is not
    const auto done = rotate(one);
    if (done.ok()) {
      ++out;
    } else {
      log::warn("kubelet", "Cannot rotate log",
                {log::kv("log", one.path), log::kv("error", done.error().message())});
    }
  }
  forget_others();
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
