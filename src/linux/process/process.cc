#include "linux/process/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/strings.h"

extern char** environ;

namespace mizzen::linux {
namespace {

constexpr const char* kExtraFolders = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// posix_spawn's two parameter objects with an owner.
struct SpawnPlan {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    sigset_t all, none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

std::vector<std::string> environment_with(const std::vector<std::string>& extra) {
  std::vector<std::string> out;
  for (char** e = environ; e && *e; ++e) {
    const std::string_view entry = *e;
    const auto name = entry.substr(0, entry.find('=') + 1);
    const bool replaced =
        std::any_of(extra.begin(), extra.end(), [&](const auto& x) { return x.starts_with(name); });
    if (!replaced) out.emplace_back(entry);
  }
  out.insert(out.end(), extra.begin(), extra.end());
  return out;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

Result<pid_t> spawn_with(SpawnPlan& plan, const std::vector<std::string>& argv,
                         const std::vector<std::string>& extra) {
  if (argv.empty()) return Error(Code::BadRequest, "nothing to run");
  MZ_ASSIGN(const auto program, find_program(argv[0]));
  ::posix_spawn_file_actions_addclosefrom_np(&plan.actions, 3);
  const auto environment = environment_with(extra);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, program.c_str(), &plan.actions, &plan.attributes,
                                  pointers(argv).data(), pointers(environment).data());
  if (error != 0) return system_error("start " + program, error);
  return pid;
}

Result<Fd> open_pidfd(pid_t pid) {
  Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (fd.valid()) return fd;
  if (errno == ESRCH) return Error(Code::NotFound, fmt::format("process {} has ended", pid));
  return system_error(fmt::format("pidfd of {}", pid), errno);
}

ExitStatus decode(int status) {
  if (WIFSIGNALED(status)) return {.known = true, .code = 128 + WTERMSIG(status), .signal = WTERMSIG(status)};
  return {.known = true, .code = WEXITSTATUS(status), .signal = 0};
}

struct Pipe {
  Fd read;
  Fd write;
};
Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return system_error("pipe", errno);
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

/// Takes what is there from `from`; closes it at the end.
void drain(Fd& from, std::string& into, size_t bytes_max) {
  char buffer[16384];
  const ssize_t n = ::read(from.get(), buffer, sizeof buffer);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) return from.reset();
  into.append(buffer, std::min(static_cast<size_t>(n), bytes_max - std::min(bytes_max, into.size())));
}

void feed(Fd& to, std::string_view& rest) {
  const ssize_t n = ::write(to.get(), rest.data(), rest.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n < 0)
    rest = {};  // the program does not want it
  else
    rest.remove_prefix(static_cast<size_t>(n));
  if (rest.empty()) to.reset();
}

}  // namespace

Result<std::string> find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (::access(program.c_str(), X_OK) == 0) return program;
    return system_error(program, errno);
  }
  const char* path = ::getenv("PATH");
  const std::string folders = std::string(path ? path : "") + ":" + kExtraFolders;
  for (auto folder : split(folders, ':')) {
    if (folder.empty()) continue;
    auto candidate = fmt::format("{}/{}", folder, program);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return Error(Code::NotFound, fmt::format("the program {} is not on PATH", program));
}

Result<uint64_t> process_start_ticks(pid_t pid) {
  auto stat = read_file(fmt::format("/proc/{}/stat", pid), 4096);
  if (!stat.ok()) return Error(Code::NotFound, fmt::format("process {} has ended", pid));
  const auto after_name = stat->rfind(')');  // the name may itself hold blanks and brackets
  if (after_name == std::string::npos) return Error(Code::InternalError, "unreadable /proc stat");
  const auto fields = split(std::string_view(*stat).substr(after_name + 2), ' ');
  const auto ticks = fields.size() > 19 ? parse_int<uint64_t>(fields[19]) : std::nullopt;
  if (!ticks || fields[0] == "Z") return Error(Code::NotFound, fmt::format("process {} has ended", pid));
  return *ticks;
}

Result<Process> Process::spawn(const SpawnOptions& options) {
  SpawnPlan plan;
  const std::string log = options.log_path.empty() ? "/dev/null" : options.log_path;
  ::posix_spawn_file_actions_addopen(&plan.actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&plan.actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
  ::posix_spawn_file_actions_adddup2(&plan.actions, 1, 2);
  MZ_ASSIGN(const pid_t pid, spawn_with(plan, options.argv, options.extra_environment));
  // The child cannot be reaped before we wait for it, so its id is still its own here.
  MZ_ASSIGN(auto pidfd, open_pidfd(pid));
  auto ticks = process_start_ticks(pid);
  return Process(pid, std::move(pidfd), ticks.ok() ? *ticks : 0, true);
}

Result<Process> Process::adopt(pid_t pid, uint64_t start_ticks) {
  if (pid <= 1) return Error(Code::BadRequest, fmt::format("{} is no process to adopt", pid));
  MZ_ASSIGN(auto pidfd, open_pidfd(pid));
  MZ_ASSIGN(const auto ticks, process_start_ticks(pid));
  if (ticks != start_ticks)
    return Error(Code::NotFound, fmt::format("process {} is another one by now", pid));
  return Process(pid, std::move(pidfd), ticks, false);
}

bool Process::running() const {
  if (ended_) return false;
  pollfd p{pidfd_.get(), POLLIN, 0};
  return ::poll(&p, 1, 0) == 0;
}

Result<std::optional<ExitStatus>> Process::wait(Deadline deadline, const StopToken& stop) {
  if (ended_) return ended_;
  MZ_ASSIGN(const bool over, wait_readable(pidfd_.get(), deadline, stop));
  if (!over) return std::optional<ExitStatus>();
  ExitStatus out;
  if (child_) {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
      if (errno == EINTR) continue;
      return system_error(fmt::format("wait for {}", pid_), errno);
    }
    out = decode(status);
  }
  ended_ = out;
  return ended_;
}

Result<void> Process::signal(int number) const {
  if (ended_) return {};
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) == 0 || errno == ESRCH) return {};
  return system_error(fmt::format("signal {}", pid_), errno);
}

Result<void> Process::terminate(Duration grace, const Clock& clock) {
  if (ended_) return {};
  MZ_TRY(signal(SIGTERM));
  MZ_ASSIGN(auto ended, wait(Deadline::after(grace, clock)));
  if (ended) return {};
  if (::getpgid(pid_) == pid_) ::kill(-pid_, SIGKILL);
  MZ_TRY(signal(SIGKILL));
  MZ_ASSIGN(ended, wait(Deadline::after(std::chrono::seconds(10), clock)));
  if (!ended) return Error(Code::Timeout, fmt::format("process {} does not end", pid_));
  return {};
}

Result<RunOutput> run(const RunOptions& options) {
  MZ_ASSIGN(auto in, make_pipe());
  MZ_ASSIGN(auto out, make_pipe());
  MZ_ASSIGN(auto err, make_pipe());
  SpawnPlan plan;
  ::posix_spawn_file_actions_adddup2(&plan.actions, in.read.get(), 0);
  ::posix_spawn_file_actions_adddup2(&plan.actions, out.write.get(), 1);
  ::posix_spawn_file_actions_adddup2(&plan.actions, err.write.get(), 2);
  MZ_ASSIGN(const pid_t pid, spawn_with(plan, options.argv, options.extra_environment));
  in.read.reset();
  out.write.reset();
  err.write.reset();
  ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  std::string_view rest = options.input;
  if (rest.empty()) in.write.reset();

  RunOutput result;
  bool timed_out = false;
  while (out.read.valid() || err.read.valid()) {
    pollfd fds[] = {{in.write.get(), POLLOUT, 0}, {out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(options.deadline.left()).count();
    const int n = ::poll(fds, 3, static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (n == 0 && options.deadline.expired()) {
      timed_out = true;
      break;
    }
    if (in.write.valid() && fds[0].revents != 0) feed(in.write, rest);
    if (out.read.valid() && fds[1].revents != 0) drain(out.read, result.output, options.output_bytes_max);
    if (err.read.valid() && fds[2].revents != 0) drain(err.read, result.errors, options.output_bytes_max);
  }
  if (timed_out) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (timed_out) return Error(Code::Timeout, fmt::format("{} took too long", options.argv[0]));
  result.exit_code = decode(status).code;
  return result;
}

}  // namespace mizzen::linux
