#include "cri/containerd.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

#include "async/stop.h"
#include "base/file.h"
#include "base/strings.h"
#include "linux/files/file.h"
#include "linux/files/mounts.h"
#include "linux/files/system_info.h"
#include "linux/groups/cgroups.h"
#include "linux/process/process.h"
#include "telemetry/log.h"

namespace mizzen::cri {
namespace {

constexpr std::string_view kLog = "containerd";
constexpr const char* kNamespace = "k8s.io";
constexpr size_t kSocketPathMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr int kCapSysResource = 24;
constexpr auto kPollEvery = std::chrono::milliseconds(10);
/// What was begun for an agent that died has ended then, or never will.
constexpr auto kCutOffEndsWithin = std::chrono::seconds(10);
/// What it still began for somebody who died meanwhile is idle then: no start takes that long.
constexpr auto kLateStartEndsWithin = std::chrono::seconds(30);
/// A shim that is killed while it starts leaves another one, of which nobody hears.
constexpr auto kSweepEvery = std::chrono::minutes(5);
constexpr auto kAftermathTimeout = std::chrono::seconds(5);
constexpr auto kTerminateGrace = std::chrono::seconds(5);

std::string socket_path(const std::string& folder) { return folder + "/containerd.sock"; }

bool accepts(const std::string& path) {
  linux::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, kSocketPathMax);
  return fd.valid() && ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

std::string last_lines(const std::string& path, size_t bytes) {
  const auto log = read_file(path, 64u << 20);
  if (!log.ok()) return {};
  return log->size() > bytes ? log->substr(log->size() - bytes) : *log;
}

/// containerd says little, but for ever.
constexpr uint64_t kLogBytesMax = 10 << 20;
std::string log_path(const std::string& folder) { return folder + "/containerd.log"; }
std::string pid_path(const std::string& folder) { return folder + "/containerd.pid"; }
std::string config_file(const std::string& folder) { return folder + "/config.toml"; }

/// Ends the first process of each container that containerd left a bundle of. The group's name guards against
/// a process id that belongs to somebody else by now.
void kill_leftover_containers(const std::string& tasks, const Clock& clock) {
  const auto namespaces = linux::list_folder(tasks);
  for (const auto& space : namespaces.ok() ? *namespaces : std::vector<std::string>()) {
    const auto ids = linux::list_folder(tasks + "/" + space);
    for (const auto& id : ids.ok() ? *ids : std::vector<std::string>()) {
      const auto text = read_file(fmt::format("{}/{}/{}/init.pid", tasks, space, id), 64);
      const auto pid = text.ok() ? parse_int<pid_t>(trim(*text)) : std::nullopt;
      const auto group =
          pid ? read_file(fmt::format("/proc/{}/cgroup", *pid), 65536) : Result<std::string>(std::string());
      if (!pid || !group.ok() || group->find(id) == std::string::npos) continue;
      const auto ticks = linux::process_start_ticks(*pid);
      auto process = ticks.ok() ? linux::Process::adopt(*pid, *ticks) : ticks.error();
      if (!process.ok() || !process->signal(SIGKILL).ok()) continue;
      const auto ended = process->wait(Deadline::after(kTerminateGrace, clock));
      if (!ended.ok() || !*ended) log::warn(kLog, "Container does not end", {log::kv("id", id)});
    }
  }
}

/// TOML's basic strings escape as JSON's do.
std::string toml(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

}  // namespace

Result<MachineFacts> machine_facts(const std::string& wanted) {
  MachineFacts out;
  out.may_lower_oom_score = linux::has_capability(kCapSysResource);
  const auto enabled = read_file("/sys/module/apparmor/parameters/enabled", 16);
  out.apparmor = enabled.ok() && trim(*enabled) == "Y" && linux::find_program("apparmor_parser").ok();
  std::vector<std::string> names = {"crun", "runc"};
  if (!wanted.empty()) {
    names = {wanted};
  } else if (const auto groups = linux::Cgroups::detect(); groups.ok() && groups->hybrid()) {
    names = {"runc"};  // crun refuses version 1 with controllers left in version 2 beside it
  }
  for (const auto& name : names) {
    auto path = linux::find_program(name);
    if (!path.ok()) continue;
    out.runtime_name = name.substr(name.rfind('/') + 1);
    out.runtime_path = *path;
    return out;
  }
  return Error(Code::NotFound,
               fmt::format("no container runtime on PATH: install one of {}", join(names, ", ")));
}

std::string containerd_config(const ContainerdOptions& o, const MachineFacts& facts) {
  const std::string hosts =
      o.registry_hosts_folder.empty() ? o.data_folder + "/certs.d" : o.registry_hosts_folder;
  const std::string cri = "plugins.\"io.containerd.grpc.v1.cri\"";
  return fmt::format(
      R"(# Written by mizzen at each start.
version = 2
root = {root}
state = {state}
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = {socket}
[ttrpc]
  address = {ttrpc}
[{cri}]
  sandbox_image = {pause}
  restrict_oom_score_adj = {restrict}
  disable_apparmor = {no_apparmor}
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [{cri}.cni]
    bin_dir = {bin}
    conf_dir = {conf}
  [{cri}.containerd]
    default_runtime_name = {name}
    [{cri}.containerd.runtimes.{runtime}]
      runtime_type = "io.containerd.runc.v2"
      [{cri}.containerd.runtimes.{runtime}.options]
        BinaryName = {binary}
  [{cri}.registry]
    config_path = {hosts}
)",
      fmt::arg("root", toml(o.data_folder + "/root")), fmt::arg("state", toml(o.data_folder + "/state")),
      fmt::arg("socket", toml(socket_path(o.data_folder))),
      fmt::arg("ttrpc", toml(socket_path(o.data_folder) + ".ttrpc")), fmt::arg("cri", cri),
      fmt::arg("pause", toml(o.sandbox_image)), fmt::arg("restrict", !facts.may_lower_oom_score),
      fmt::arg("no_apparmor", !facts.apparmor), fmt::arg("bin", toml(o.cni_bin_folder)),
      fmt::arg("conf", toml(o.cni_conf_folder)), fmt::arg("name", toml(facts.runtime_name)),
      fmt::arg("runtime", facts.runtime_name), fmt::arg("binary", toml(facts.runtime_path)),
      fmt::arg("hosts", toml(hosts)));
}

Containerd::Containerd(ContainerdOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), socket_(socket_path(options_.data_folder)) {}
Containerd::~Containerd() { stop(); }

Result<void> Containerd::start(Deadline deadline) {
  if (socket_.size() + 6 > kSocketPathMax) {
    return Error(Code::BadRequest,
                 fmt::format("the data folder's path is too long for a socket: {}", socket_));
  }
  MZ_ASSIGN(const auto facts, machine_facts(options_.runtime));
  MZ_TRY(make_folders(options_.data_folder, 0711));
  MZ_TRY(make_folders(options_.registry_hosts_folder.empty() ? options_.data_folder + "/certs.d"
                                                             : options_.registry_hosts_folder));
  const std::string wanted = containerd_config(options_, facts);
  const auto present = read_file(config_file(options_.data_folder));
  if (!present.ok() || *present != wanted) {
    auto running = linux::process_of_pid_file(pid_path(options_.data_folder));
    if (running.ok()) MZ_TRY(running->terminate(kTerminateGrace, clock_));
    MZ_TRY(write_file(config_file(options_.data_folder), wanted, 0600));
  }
  aftermath_ =
      std::make_shared<Aftermath>(Aftermath::Options{options_.data_folder, facts.runtime_path, clock_});
  supervisor_ = std::make_unique<linux::Supervisor>(linux::Supervisor::Options{
      .clock = clock_,
      .name = "containerd",
      .program = {.argv = {options_.program, "--config", config_file(options_.data_folder)},
                  .log_path = log_path(options_.data_folder)},
      .pid_file = pid_path(options_.data_folder),
      .before_start =
          [socket = socket_, aftermath = aftermath_] {
            ::unlink(socket.c_str());
            ::unlink((socket + ".ttrpc").c_str());
            aftermath->before_start();
          },
      .after_restart =
          [this](const linux::Process& process, const StopToken& stop) {
            see_to_aftermath(&process, stop);
            sweep_soon();
          },
      .log_bytes_max = kLogBytesMax});
  MZ_TRY(supervisor_->start());
  MZ_TRY(wait_until_it_answers(deadline));
  see_to_aftermath(nullptr, {});
  // What an agent that died had asked for is cut off: nobody asks for anything new yet.
  later_ =
      Thread("containerd-idle", [this, shims = aftermath_->shims()]() mutable { sweep(std::move(shims)); });
  return {};
}

void Containerd::sweep(std::vector<std::string> shims) {
  while (sleep_until_sweep()) {
    if (!shims.empty())
      aftermath_->remove_idle(shims, [this] { return tasks(Deadline::after(kAftermathTimeout, clock_)); });
    shims = aftermath_->shims();
  }
}

/// Twice soon after containerd or its caller began, then now and then. False: stop.
bool Containerd::sleep_until_sweep() {
  Lock lock(m_);
  do {
    began_ = false;
    const Duration wait = sweeps_ == 0   ? Duration(kCutOffEndsWithin)
                          : sweeps_ == 1 ? Duration(kLateStartEndsWithin)
                                         : Duration(kSweepEvery);
    const Deadline deadline = Deadline::after(wait, clock_);
    while (!stopping_ && !began_ && !deadline.expired()) changed_.wait_until(m_, deadline);
  } while (began_ && !stopping_);
  ++sweeps_;
  return !stopping_;
}

void Containerd::sweep_soon() {
  Lock lock(m_);
  sweeps_ = 0;
  began_ = true;
  changed_.notify_all();
}

Result<std::vector<std::string>> Containerd::tasks(Deadline deadline) const {
  MZ_ASSIGN(const auto said, ctr({"tasks", "ls", "-q"}, deadline));
  std::vector<std::string> out;
  for (const auto id : split(said, '\n')) out.emplace_back(id);
  return out;
}

void Containerd::see_to_aftermath(const linux::Process* process, const StopToken& stop) {
  const auto deadline = Deadline::after(kAftermathTimeout, clock_);
  while (!accepts(socket_))
    if (deadline.expired() || (process && !process->running()) ||
        stop.wait_until(Deadline::after(kPollEvery, clock_)))
      return;
  aftermath_->after_start([&] { return tasks(deadline); });
}

Result<void> Containerd::wait_until_it_answers(Deadline deadline) const {
  const StopToken never;
  while (!accepts(socket_)) {
    if (deadline.expired()) {
      return Error(Code::Timeout, fmt::format("containerd does not answer on {}; the end of its log:\n{}",
                                              socket_, last_lines(log_path(options_.data_folder), 1000)));
    }
    never.wait_until(Deadline::after(kPollEvery, clock_));
  }
  return {};
}

void Containerd::stop() {
  {
    Lock lock(m_);
    stopping_ = true;
    changed_.notify_all();
  }
  later_.join();
  if (supervisor_) supervisor_->stop();
}

void Containerd::stop_what_was_started() {
  if (!supervisor_) return;
  const auto r = supervisor_->took_over() ? Result<void>() : supervisor_->terminate(kTerminateGrace);
  if (!r.ok()) log::warn(kLog, "Cannot end it", {log::kv("error", r.error().message())});
  stop();
}

pid_t Containerd::pid() const { return supervisor_ ? supervisor_->pid() : 0; }

Result<void> Containerd::down(const std::string& folder, const Clock& clock) {
  auto running = linux::process_of_pid_file(pid_path(folder));
  if (running.ok()) MZ_TRY(running->terminate(kTerminateGrace, clock));
  kill_leftover_containers(folder + "/state/io.containerd.runtime.v2.task", clock);
  // Their shims: each names our socket on its command line.
  MZ_ASSIGN(const auto entries, linux::list_folder("/proc"));
  for (const auto& entry : entries) {
    const auto pid = parse_int<pid_t>(entry);
    const auto command =
        pid ? read_file("/proc/" + entry + "/cmdline", 65536) : Result<std::string>(std::string());
    if (!command.ok() || command->find("containerd-shim") == std::string::npos) continue;
    if (command->find(socket_path(folder)) == std::string::npos) continue;
    const auto ticks = linux::process_start_ticks(*pid);
    auto shim = ticks.ok() ? linux::Process::adopt(*pid, *ticks) : ticks.error();
    if (shim.ok()) MZ_TRY(shim->terminate(std::chrono::milliseconds(500), clock));
  }
  MZ_TRY(linux::unmount_all_under(folder));
  return linux::remove_all(folder);
}

Result<std::string> Containerd::ctr(const std::vector<std::string>& arguments, Deadline deadline) const {
  std::vector<std::string> argv = {"ctr", "--address", socket_, "--namespace", kNamespace};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  MZ_ASSIGN(auto out, linux::run({.argv = std::move(argv), .deadline = deadline}));
  if (out.exit_code != 0) {
    return Error(Code::InternalError, fmt::format("ctr {}: {}", join(arguments, " "), trim(out.errors)));
  }
  return std::move(out.output);
}

Result<void> Containerd::import_image(const std::string& archive, Deadline deadline) const {
  MZ_ASSIGN(const auto said, ctr({"images", "import", archive}, deadline));
  log::info(kLog, "Image imported", {log::kv("archive", archive)});
  return {};
}

Result<void> Containerd::import_pause(Deadline deadline) const {
  if (options_.sandbox_image != kPauseImage) return {};
  const std::string stamp = options_.data_folder + "/pause.imported";
  const std::string archive = options_.data_folder + "/pause.tar";
  const auto imported = read_file(archive);
  if (path_exists(stamp) && imported.ok() && *imported == pause_archive()) return {};
  MZ_TRY(write_file(archive, pause_archive(), 0600));
  MZ_ASSIGN(const auto said, ctr({"images", "import", archive}, deadline));
  return write_file(stamp, "", 0600);
}

}  // namespace mizzen::cri
