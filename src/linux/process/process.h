#pragma once
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "linux/files/descriptor.h"

namespace mizzen::linux {

/// A program to start.
struct SpawnOptions {
  std::vector<std::string> argv;                    ///< argv[0] is looked up on PATH where it has no slash
  std::vector<std::string> extra_environment = {};  ///< NAME=value, put over the environment of this process
  std::string log_path = {};  ///< standard output and error are appended; empty: /dev/null
};

/// Where `program` stands on PATH (and in /usr/local/sbin ... /bin, which a daemon's PATH often lacks);
/// NotFound else.
Result<std::string> find_program(const std::string& program);

/// How a process ended. A process that is not our child tells nothing: known is false.
struct ExitStatus {
  bool known = false;
  int code = 0;    ///< 128 + signal where a signal ended it, as shells say
  int signal = 0;  ///< 0 where it exited by itself
};

/// A process in a session of its own: a child that was spawned, or one that an earlier run of this program
/// left behind. Destroying the object leaves the process running. Held by pidfd, so a reused process id is
/// never signalled. Threading: externally synchronised, but wait() and signal() may overlap.
class Process {
 public:
  /// Started with posix_spawn (no fork handlers, safe beside threads): signals at their defaults, no
  /// descriptor but 0-2.
  static Result<Process> spawn(const SpawnOptions& options);
  /// NotFound where no such process runs or it is another one (start time differs).
  static Result<Process> adopt(pid_t pid, uint64_t start_ticks);

  pid_t pid() const { return pid_; }
  /// Start time in clock ticks since boot; with the pid it names the process for ever.
  uint64_t start_ticks() const { return start_ticks_; }
  bool running() const;
  /// Blocks until it ended; nothing where the deadline passed; Cancelled on stop. Reaps a child; idempotent.
  Result<std::optional<ExitStatus>> wait(Deadline deadline, const StopToken& stop = {});
  /// To the process alone. Success where it has already ended.
  Result<void> signal(int number) const;
  /// SIGTERM, then after `grace` SIGKILL to its whole session's process group; waits for the end.
  Result<void> terminate(Duration grace, const Clock& clock);

 private:
  Process(pid_t pid, Fd pidfd, uint64_t ticks, bool child)
      : pid_(pid), pidfd_(std::move(pidfd)), start_ticks_(ticks), child_(child) {}
  pid_t pid_ = 0;
  Fd pidfd_;
  uint64_t start_ticks_ = 0;
  bool child_ = false;
  std::optional<ExitStatus> ended_;
};

/// How to run a program to its end.
struct RunOptions {
  std::vector<std::string> argv;
  std::vector<std::string> extra_environment = {};
  std::string input = {};
  Deadline deadline = Deadline::never();
  size_t output_bytes_max = 16u << 20;  ///< of each stream; what is beyond is dropped
};
/// What a program run to its end left.
struct RunOutput {
  int exit_code = 0;
  std::string output;
  std::string errors;
};
/// Runs it, feeding input and collecting output. Timeout where the deadline passed (it is killed with its
/// group). A program that fails is a value, not an Error.
Result<RunOutput> run(const RunOptions& options);

/// The start time of a process in clock ticks since boot.
Result<uint64_t> process_start_ticks(pid_t pid);

}  // namespace mizzen::linux
