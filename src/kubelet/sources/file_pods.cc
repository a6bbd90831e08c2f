#include "kubelet/sources/file_pods.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file.h"
#include "base/strings.h"
#include "kubelet/sources/static_pod.h"
#include "kubelet/state/digest.h"
#include "linux/files/file.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

/// Several changes in a row are one look.
constexpr Duration kSettle = std::chrono::milliseconds(50);

/// What editors and package managers leave beside a manifest is none.
bool is_manifest_name(const std::string& name) {
  if (name.starts_with(".")) return false;
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return true;
  const std::string ending = to_lower(name.substr(dot));
  return ending == ".yaml" || ending == ".yml" || ending == ".json" || ending == ".manifest";
}

}  // namespace

void FilePods::start(PodSink& sink) {
  sink_ = &sink;
  if (options_.watch) {
    auto opened = linux::FolderWatch::open();
    if (opened.ok()) {
      watch_ = std::move(*opened);
      watcher_ = Thread("kubelet-files", [this] { watch(); });
    } else {
      log::warn("kubelet", "Changes of manifests are seen by looking alone",
                {log::kv("path", options_.path), log::kv("error", opened.error().message())});
    }
  }
  look_later(Duration::zero());
}

void FilePods::watch() {
  while (watch_->wait()) look_soon();
}

void FilePods::look_soon() {
  Lock lock(m_);
  if (stopped_) return;
  if (looking_) {
    again_ = true;
    return;
  }
  arm(kSettle);
}

void FilePods::stop() {
  {
    Lock lock(m_);
    stopped_ = true;
    if (alarm_ != 0) deps_.alarms.cancel(alarm_);
    alarm_ = 0;
  }
  if (watch_) watch_->stop();
  watcher_.join();
  gate_.close();
}

bool FilePods::synced() const { return synced_; }
bool FilePods::asked() const { return asked_; }

void FilePods::look_later(Duration wait) {
  Lock lock(m_);
  looking_ = false;
  if (stopped_) return;
  arm(std::exchange(again_, false) ? std::min(wait, kSettle) : wait);
}

void FilePods::arm(Duration wait) {
  // One at a time: else each that came for another would go on beside it for good.
  if (alarm_ != 0) deps_.alarms.cancel(alarm_);
  alarm_ = deps_.alarms.after(wait, [this] {
    auto token = gate_.enter();
    if (!token) return;
    {
      Lock lock(m_);
      // One alarm that was cancelled too late, beside the one that came for it.
      if (looking_) return;
      looking_ = true;
    }
    // No room: looked at again all the same.
    if (!deps_.disk.post([this, token] { look(); })) look_later(options_.period);
  });
}

Result<FilePods::Stamp> FilePods::stamp_of(const std::string& path) {
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) return system_error("stat " + path, errno);
  if (!S_ISREG(st.st_mode)) return Error(Code::BadRequest, path + " is not a file");
  return Stamp{st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec, st.st_size, st.st_ino};
}

Result<std::vector<std::string>> FilePods::paths() const {
  struct stat st{};
  if (::stat(options_.path.c_str(), &st) != 0) {
    // Nothing there is nothing wanted, as upstream; anything else says nothing.
    if (errno == ENOENT) return std::vector<std::string>();
    return system_error("stat " + options_.path, errno);
  }
  if (!S_ISDIR(st.st_mode)) return std::vector<std::string>{options_.path};
  MZ_ASSIGN(const auto names, linux::list_folder(options_.path));
  std::vector<std::string> out;
  for (const auto& name : names)
    if (is_manifest_name(name)) out.push_back(options_.path + "/" + name);
  return out;
}

/// Those that were there before stay: files that come ends no pod.
void FilePods::bound(std::vector<std::string>& paths) const {
  std::stable_partition(paths.begin(), paths.end(), [&](const auto& path) { return files_.contains(path); });
  paths.resize(std::min(paths.size(), kFilesMax));
}

void FilePods::look() {
  // Before the look, so that nothing that comes between is missed; of a file its folder, where it is put.
  if (watch_) {
    struct stat st{};
    const bool folder = ::stat(options_.path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
    const size_t slash = options_.path.rfind('/');
    const std::string parent = slash == std::string::npos ? "."
                               : slash == 0               ? "/"
                                                          : options_.path.substr(0, slash);
    watch_->follow(folder ? options_.path : parent);
  }
  auto found = paths();
  std::string problem = found.ok() ? "" : found.error().message();
  if (found.ok() && found->size() > kFilesMax) {
    problem = fmt::format("it holds {} files, of which {} count", found->size(), kFilesMax);
    bound(*found);
  }
  if (!problem.empty() && problem != problem_)
    log::error("kubelet", "Unable to read config path",
               {log::kv("path", options_.path), log::kv("error", problem)});
  problem_ = problem;
  if (found.ok()) {
    std::map<std::string, File> now;
    for (const auto& path : *found) {
      const auto stamp = stamp_of(path);
      if (!stamp.ok()) {
        // Gone meanwhile, or no file. What cannot be looked at stays as it was.
        const bool passed_over =
            stamp.error().code() == Code::NotFound || stamp.error().code() == Code::BadRequest;
        if (const auto known = files_.find(path); known != files_.end() && !passed_over) now.insert(*known);
        continue;
      }
      File file = files_.contains(path) ? files_[path] : File();
      if (file.stamp != *stamp) {
        file.stamp = *stamp;
        read(path, file);
      }
      now[path] = std::move(file);
    }
    files_ = std::move(now);
    tell();
    synced_ = true;
  }
  asked_ = true;
  look_later(options_.period);
}

void FilePods::read(const std::string& path, File& file) const {
  const auto fail = [&](const Error& error) {
    log::error("kubelet", "Could not process manifest file",
               {log::kv("path", path), log::kv("error", error.message()),
                log::kv("keeps", file.digest.empty() ? "nothing" : "the last")});
  };
  const auto text = read_file(path, kBytesMax);
  if (!text.ok()) return fail(text.error());
  const std::string digest = sha256_hex(*text);
  if (digest == file.digest) return;
  auto pods = static_pods_of(*text, {options_.node_name, "file", path, deps_.clock.wall()});
  if (!pods.ok()) {
    return fail(
        Error(pods.error().code(), fmt::format("{}: couldn't parse as pod({}), please check config file",
                                               path, pods.error().message())));
  }
  file.digest = digest;
  file.pods.clear();
  for (Pod& pod : *pods) file.pods.push_back(std::make_shared<const Pod>(std::move(pod)));
}

void FilePods::tell() {
  std::vector<std::shared_ptr<const Pod>> all;
  for (const auto& [path, file] : files_) all.insert(all.end(), file.pods.begin(), file.pods.end());
  told_.tell(all, *sink_);
}

}  // namespace mizzen::kubelet
