#include "kubelet/sources/file_pods.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/file.h"
#include "kubelet/sources/static_pod.h"
#include "kubelet/state/digest.h"
#include "linux/files/file.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {
std::string name_of(const Pod& pod) { return pod.metadata.namespace_ + "/" + pod.metadata.name; }
}  // namespace

void FilePods::start(PodSink& sink) {
  sink_ = &sink;
  look_later(Duration::zero());
}

void FilePods::stop() {
  {
    Lock lock(m_);
    stopped_ = true;
    if (alarm_ != 0) deps_.alarms.cancel(alarm_);
    alarm_ = 0;
  }
  gate_.close();
}

bool FilePods::synced() const { return synced_; }
bool FilePods::asked() const { return asked_; }

void FilePods::look_later(Duration wait) {
  Lock lock(m_);
  if (stopped_) return;
  alarm_ = deps_.alarms.after(wait, [this] {
    auto token = gate_.enter();
    if (!token) return;
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
    if (!name.starts_with(".")) out.push_back(options_.path + "/" + name);
  return out;
}

/// Those that were there before stay: files that come ends no pod.
void FilePods::bound(std::vector<std::string>& paths) const {
  std::stable_partition(paths.begin(), paths.end(), [&](const auto& path) { return files_.contains(path); });
  paths.resize(std::min(paths.size(), kFilesMax));
}

void FilePods::look() {
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
                log::kv("keeps", file.pod ? "the last" : "nothing")});
  };
  const auto text = read_file(path, kBytesMax);
  if (!text.ok()) return fail(text.error());
  const std::string digest = sha256_hex(*text);
  if (file.pod && digest == file.digest) return;
  auto pod = static_pod_of(*text, {options_.node_name, "file", path, deps_.clock.wall()});
  if (!pod.ok()) {
    return fail(Error(
        pod.error().code(),
        fmt::format("{}: couldn't parse as pod({}), please check config file", path, pod.error().message())));
  }
  file.digest = digest;
  file.pod = std::make_shared<const Pod>(std::move(*pod));
}

void FilePods::tell() {
  std::map<std::string, std::shared_ptr<const Pod>> wanted;
  std::set<std::string> names;
  for (const auto& [path, file] : files_) {
    if (!file.pod) continue;
    if (names.insert(name_of(*file.pod)).second) wanted.try_emplace(file.pod->metadata.uid, file.pod);
  }
  for (const auto& [uid, pod] : told_)
    if (!wanted.contains(uid)) sink_->gone(pod);
  for (const auto& [uid, pod] : wanted) {
    const auto known = told_.find(uid);
    const bool same = known != told_.end() && name_of(*known->second) == name_of(*pod);
    // A uid that a manifest gives itself may come to another name: that is another pod.
    if (known != told_.end() && !same) sink_->gone(known->second);
    if (!same || known->second != pod) sink_->upsert(pod);
  }
  told_ = std::move(wanted);
}

}  // namespace mizzen::kubelet
