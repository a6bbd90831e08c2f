#include "linux/process/supervisor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "linux/process/appended_log.h"
#include "telemetry/log.h"

namespace mizzen::linux {
namespace {
constexpr std::string_view kLog = "supervisor";
}

Result<Process> process_of_pid_file(const std::string& pid_file) {
  MZ_ASSIGN(const auto text, read_file(pid_file, 128));
  const auto parts = split(trim(text), ' ');
  const auto pid = parse_int<pid_t>(parts[0]);
  const auto ticks = parts.size() == 2 ? parse_int<uint64_t>(parts[1]) : std::nullopt;
  if (!pid || !ticks) return Error(Code::NotFound, pid_file + " does not name a process");
  return Process::adopt(*pid, *ticks);
}

Supervisor::Supervisor(Options options) : options_(std::move(options)) {}
Supervisor::~Supervisor() { stop(); }

Result<Process> Supervisor::take_over_or_start() {
  auto running = process_of_pid_file(options_.pid_file);
  if (running.ok()) {
    log::info(kLog, "Taken over", {log::kv("program", options_.name), log::kv("pid", running->pid())});
    Lock lock(m_);
    took_over_ = true;
    return running;
  }
  return start_program();
}

Result<Process> Supervisor::start_program() {
  if (options_.before_start) options_.before_start();
  MZ_ASSIGN(auto process, Process::spawn(options_.program));
  auto kept =
      write_file(options_.pid_file, fmt::format("{} {}\n", process.pid(), process.start_ticks()), 0600);
  if (!kept.ok()) {
    // Without the file a later run would start a second one beside it.
    auto ended = process.terminate(std::chrono::seconds(1), options_.clock);
    if (!ended.ok()) log::error(kLog, "Cannot end program", {log::kv("error", ended.error().message())});
    return kept.error();
  }
  log::info(kLog, "Started", {log::kv("program", options_.name), log::kv("pid", process.pid())});
  return process;
}

bool Supervisor::took_over() const {
  Lock lock(m_);
  return took_over_;
}

Result<void> Supervisor::start() {
  MZ_ASSIGN(auto process, take_over_or_start());
  {
    Lock lock(m_);
    pid_ = process.pid();
  }
  auto shared = std::make_shared<Process>(std::move(process));
  thread_ = Thread("watch-" + options_.name.substr(0, 9), [this, shared] { watch(std::move(*shared)); });
  return {};
}

Result<std::optional<ExitStatus>> Supervisor::wait_for_end(Process& process) {
  const uint64_t max = options_.log_bytes_max;
  const std::string& path = options_.program.log_path;
  if (max == 0 || path.empty()) return process.wait(Deadline::never(), stop_.token());
  for (;;) {
    const auto bounded = bound_appended_log(path, max);
    if (!bounded.ok())
      log::warn(kLog, "Cannot bound log",
                {log::kv("program", options_.name), log::kv("error", bounded.error().message())});
    auto ended = process.wait(Deadline::after(options_.log_look, options_.clock), stop_.token());
    if (!ended.ok() || *ended) return ended;
  }
}

void Supervisor::watch(Process process) {
  Duration pause = options_.restart_min;
  for (;;) {
    const auto since = options_.clock.monotonic();
    auto ended = wait_for_end(process);
    if (!ended.ok()) return;  // stopped
    {
      Lock lock(m_);
      pid_ = 0;
    }
    log::warn(kLog, "Program ended",
              {log::kv("program", options_.name), log::kv("code", *ended ? (*ended)->code : -1)});
    if (options_.clock.monotonic() - since >= options_.restart_max) pause = options_.restart_min;
    for (;;) {
      if (stop_.token().wait_until(Deadline::after(pause, options_.clock))) return;
      pause = std::min(pause * 2, options_.restart_max);
      auto next = start_program();
      if (next.ok()) {
        process = std::move(*next);
        break;
      }
      log::error(kLog, "Cannot start program",
                 {log::kv("program", options_.name), log::kv("error", next.error().message())});
    }
    {
      Lock lock(m_);
      pid_ = process.pid();
      ++restarts_;
    }
    if (options_.after_restart) options_.after_restart(process, stop_.token());
  }
}

void Supervisor::stop() {
  stop_.stop();
  thread_.join();
}

Result<void> Supervisor::terminate(Duration grace) {
  stop();
  auto running = process_of_pid_file(options_.pid_file);
  if (running.ok()) MZ_TRY(running->terminate(grace, options_.clock));
  ::unlink(options_.pid_file.c_str());
  return {};
}

pid_t Supervisor::pid() const {
  Lock lock(m_);
  return pid_;
}

int Supervisor::restarts() const {
  Lock lock(m_);
  return restarts_;
}

}  // namespace mizzen::linux
