#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cri/runtime.h"
#include "linux/files/change_hints.h"

namespace mizzen::kubelet {

/// Which rotated files of one log go, and which are compressed, before the log is rotated once more.
struct RotationPlan {
  std::vector<std::string> remove;
  std::vector<std::string> compress;
};
/// Pure: `rotated` are the names beside LOG that start with "LOG."; `files_max` counts the log itself and the
/// file that this rotation makes. Leftovers of a compression that did not end are removed.
RotationPlan plan_rotation(const std::string& log, std::vector<std::string> rotated, int files_max);

/// Removes a container's log, and all that was rotated out of it. Blocks on the disk.
Result<void> remove_log(const std::string& path);

/// Where a running container writes its log.
struct RunningLog {
  std::string container_id;
  std::string path;
};

/// Role: keeps the logs of running containers small: one that outgrew bytes_max is renamed to LOG.DATE-TIME,
/// the runtime opens a new one, older files are compressed (.gz) and the oldest go. Kubernetes contract:
/// upstream's containerLogMaxSize and containerLogMaxFiles; `kubectl logs` shows the newest file only. Truth:
/// the files; in memory is only which of them were quiet at the last look. Threading: from one thread at a
/// time; blocks on the disk. Failure: a log that cannot be rotated grows on and is tried again at the next
/// tick. Cost: a log that did not grow between two ticks is looked at when the kernel says that it was
/// touched (linux/files/change_hints.h), or after kLookAnyway; any other, or where the kernel has no room, at
/// each tick.
class LogRotation {
 public:
  struct Options {
    int64_t bytes_max = 10 << 20;
    int files_max = 5;
  };
  struct Deps {
    cri::Runtime& runtime;
    const Clock& clock;
    std::function<std::vector<RunningLog>()> running;
  };
  LogRotation(Deps deps, Options options);

  /// Looks at the logs of running containers; how many were rotated.
  size_t tick();
  /// How many looks at a log there were: what ticks cost.
  uint64_t looks() const { return looks_; }
  /// What the kernel did not tell of is seen this late.
  static constexpr Duration kLookAnyway = std::chrono::minutes(5);

 private:
  /// A log as it was last seen.
  struct Seen {
    int64_t bytes = 0;
    std::optional<linux::ChangeHints::Id> followed;  ///< nobody has touched it since
    Monotonic looked;
    bool running = true;  ///< as of this tick
  };
  /// Logs that were touched are followed no more.
  void hear();
  void follow(const std::string& path, Seen& seen);
  void unfollow(Seen& seen);
  /// Logs of containers that run no more.
  void forget_others();
  Result<void> rotate(const RunningLog& running);

  const Deps deps_;
  const Options options_;
  std::optional<linux::ChangeHints> hints_;                 ///< none: every log is looked at at every tick
  std::map<std::string, Seen> seen_;                        ///< by path
  std::map<linux::ChangeHints::Id, std::string> followed_;  ///< path by id
  uint64_t looks_ = 0;
};

}  // namespace mizzen::kubelet
