#pragma once
#include <functional>
#include <optional>
#include <string>

#include "async/mutex.h"
#include "async/stop.h"
#include "async/thread.h"
#include "linux/process/process.h"

namespace mizzen::linux {

/// Keeps one program running, across deaths of the program and across deaths of this process: a program that
/// an earlier run left behind is taken over by its pid file instead of being started twice. Lifecycle:
/// start() → stop() (leaves the program running) or terminate() (ends it). The destructor is stop().
/// Threading: thread-safe; one thread of its own that sleeps on the program's pidfd and looks after its log.
/// Failure: a program that dies or cannot be started is started again after a pause that doubles from
/// restart_min to restart_max and is forgotten once the program has run for restart_max.
class Supervisor {
 public:
  struct Options {
    const Clock& clock;
    std::string name;  ///< for logs
    SpawnOptions program;
    std::string pid_file;                ///< holds `pid start_ticks`
    std::function<void()> before_start;  ///< removes what a dead one left: stale sockets; may be empty
    /// On the supervisor's thread, once the program was started anew in place of one that died. Nobody looks
    /// after the program meanwhile: it ends soon after the program does, and with the token. May be empty.
    std::function<void(const Process&, const StopToken&)> after_restart;
    /// The program's log is kept below twice this (bound_appended_log); 0: it grows without end.
    uint64_t log_bytes_max = 0;
    Duration log_look = std::chrono::minutes(1);  ///< how often the log is looked at
    Duration restart_min = std::chrono::milliseconds(100);
    Duration restart_max = std::chrono::seconds(10);
  };
  explicit Supervisor(Options options);
  ~Supervisor();

  /// Takes over or starts the program, then watches it. The error of the first start is returned and nothing
  /// goes on.
  Result<void> start();
  /// Stops watching; the program goes on. Idempotent.
  void stop();
  /// stop(), then ends the program and removes the pid file.
  Result<void> terminate(Duration grace);
  /// Process id of the program as last seen; 0 while it is down.
  pid_t pid() const;
  /// start() found the program running.
  bool took_over() const;
  /// How often it was started anew since start().
  int restarts() const;

 private:
  Result<Process> take_over_or_start();
  Result<Process> start_program();
  void watch(Process process);
  Result<std::optional<ExitStatus>> wait_for_end(Process& process);

  const Options options_;
  StopSource stop_;
  mutable Mutex m_;
  pid_t pid_ MZ_GUARDED_BY(m_) = 0;
  int restarts_ MZ_GUARDED_BY(m_) = 0;
  bool took_over_ MZ_GUARDED_BY(m_) = false;
  Thread thread_;
};

/// The process a pid file names, where it still runs; NotFound otherwise.
Result<Process> process_of_pid_file(const std::string& pid_file);

}  // namespace mizzen::linux
