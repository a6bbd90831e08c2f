#include "cri/aftermath.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "async/stop.h"
#include "base/file.h"
#include "base/strings.h"
#include "linux/files/file.h"
#include "linux/files/mounts.h"
#include "linux/process/process.h"
#include "telemetry/log.h"

namespace mizzen::cri {
namespace {

using log::kv;
constexpr std::string_view kLog = "containerd";
/// Where shims have runc and crun keep what they know, in Kubernetes' namespace.
constexpr const char* kRecords = "/run/containerd/runc/k8s.io";
constexpr auto kEndsWithin = std::chrono::seconds(2);
constexpr auto kDeleteWithin = std::chrono::seconds(10);
/// What containerd, which sees that a shim ended, takes to clear up itself.
constexpr auto kClearsWithin = std::chrono::seconds(1);
constexpr auto kPollEvery = std::chrono::milliseconds(20);
constexpr size_t kConfigBytesMax = 16 << 20;

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> names_in(const std::string& folder) {
  auto found = linux::list_folder(folder);
  return found.ok() ? std::move(*found) : std::vector<std::string>();
}

/// A shim, or the runtime that it has asked, with this container as an argument.
bool makes(const std::string& command, const std::string& id, std::string_view runtime) {
  const auto words = split(command, '\0');
  if (words.empty()) return false;
  const auto program = last_part(words.front());
  if (!program.starts_with("containerd-shim") && program != runtime) return false;
  return std::find(words.begin(), words.end(), id) != words.end();
}

}  // namespace

Aftermath::Aftermath(Options options)
    : options_(std::move(options)),
      bundles_(options_.data_folder + "/state/io.containerd.runtime.v2.task/k8s.io"),
      work_(options_.data_folder + "/root/io.containerd.runtime.v2.task/k8s.io"),
      namespaces_(options_.data_folder + "/state/io.containerd.grpc.v1.cri/netns"),
      unasked_(options_.data_folder + "/tasks.unasked") {}

std::vector<std::string> Aftermath::ids() const { return names_in(bundles_); }

void Aftermath::before_start() {
  for (const auto& id : ids())
    if (!path_exists(bundles_ + "/" + id + "/init.pid")) remove(id);
  remove_unnamed_namespaces();
  auto there = ids();
  for (auto& id : shims()) there.push_back(std::move(id));  // also those whose bundle is gone
  if (there.empty()) return;
  const auto kept = write_file(unasked_, join(there, "\n"), 0600);
  if (!kept.ok()) log::warn(kLog, "Cannot write file", {kv("error", kept.error().message())});
}

void Aftermath::after_start(const Tasks& tasks) {
  const auto before = read_file(unasked_, kConfigBytesMax);
  if (!before.ok()) return;
  const auto known = tasks();
  if (!known.ok()) return log::warn(kLog, "Cannot list tasks", {kv("error", known.error().message())});
  for (const auto text : split(*before, '\n')) {
    const std::string id(text);
    if (id.empty() || std::find(known->begin(), known->end(), id) != known->end()) continue;
    remove(id);  // where containerd removed the bundle, its shim goes on all the same
  }
  ::unlink(unasked_.c_str());
}

std::vector<std::string> Aftermath::shims() const {
  std::vector<std::string> out;
  const std::string socket = options_.data_folder + "/containerd.sock";
  for (const auto& entry : names_in("/proc")) {
    if (!parse_int<pid_t>(entry)) continue;
    const auto command = read_file("/proc/" + entry + "/cmdline", 65536);
    if (!command.ok() || command->find("containerd-shim") == command->npos) continue;
    const auto words = split(*command, '\0');
    if (std::find(words.begin(), words.end(), socket) == words.end()) continue;
    const auto at = std::find(words.begin(), words.end(), "-id");
    if (at != words.end() && at + 1 != words.end()) out.emplace_back(*(at + 1));
  }
  return out;
}

void Aftermath::remove_idle(const std::vector<std::string>& before, const Tasks& tasks) const {
  const auto has = [](const auto& list, const auto& id) {
    return std::find(list.begin(), list.end(), id) != list.end();
  };
  const auto now = shims();
  const auto known = tasks();
  if (!known.ok()) return log::warn(kLog, "Cannot list tasks", {kv("error", known.error().message())});
  for (const auto& id : now)
    if (has(before, id) && !has(*known, id)) remove(id);
}

bool Aftermath::end_makers(const std::string& id) const {
  bool any = false;
  for (const auto& entry : names_in("/proc")) {
    const auto pid = parse_int<pid_t>(entry);
    if (!pid) continue;
    const auto ticks = linux::process_start_ticks(*pid);  // before its command: a number used again shows
    const auto command = read_file("/proc/" + entry + "/cmdline", 65536);
    if (!ticks.ok() || !command.ok() || !makes(*command, id, last_part(options_.runtime_path))) continue;
    auto process = linux::Process::adopt(*pid, *ticks);
    if (!process.ok() || !process->signal(SIGKILL).ok()) continue;
    (void)process->wait(Deadline::after(kEndsWithin, options_.clock));
    any = true;
  }
  return any;
}

void Aftermath::remove(const std::string& id) const {
  const std::string bundle = bundles_ + "/" + id;
  if (!end_makers(id) && !path_exists(bundle)) return;
  log::info(kLog, "Container was being made when containerd died", {kv("id", id)});
  const StopToken never;
  for (const auto end = Deadline::after(kClearsWithin, options_.clock);
       path_exists(unasked_) && path_exists(bundle) && !end.expired();)
    never.wait_until(Deadline::after(kPollEvery, options_.clock));
  if (path_exists(std::string(kRecords) + "/" + id)) {
    const auto gone =
        linux::run({.argv = {options_.runtime_path, "--root", kRecords, "delete", "--force", id},
                    .deadline = Deadline::after(kDeleteWithin, options_.clock)});
    if (!gone.ok() || gone->exit_code != 0)
      log::warn(kLog, "Cannot end it",
                {kv("id", id), kv("error", gone.ok() ? gone->errors : gone.error().message())});
  }
  auto gone = linux::unmount_all_under(bundle);
  if (gone.ok()) gone = linux::remove_all(bundle);
  if (gone.ok()) gone = linux::remove_all(work_ + "/" + id);
  if (!gone.ok())
    log::warn(kLog, "Cannot remove its folders", {kv("id", id), kv("error", gone.error().message())});
}

void Aftermath::remove_unnamed_namespaces() const {
  auto unnamed = names_in(namespaces_);
  if (unnamed.empty()) return;
  for (const auto& id : ids()) {
    const auto config = read_file(bundles_ + "/" + id + "/config.json", kConfigBytesMax);
    if (!config.ok()) return;  // whatever it names, it may not go
    std::erase_if(unnamed,
                  [&](const auto& name) { return config->find("/netns/" + name + "\"") != config->npos; });
  }
  for (const auto& name : unnamed) {
    const std::string path = namespaces_ + "/" + name;
    const auto gone = linux::unmount(path);
    if (!gone.ok()) {
      log::warn(kLog, "Cannot remove network namespace",
                {kv("name", name), kv("error", gone.error().message())});
    } else if (::unlink(path.c_str()) == 0) {
      log::info(kLog, "Network namespace of no container removed", {kv("name", name)});
    }
  }
}

}  // namespace mizzen::cri
