#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cri/runtime.h"

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
/// the files; nothing is kept in memory. Threading: from one thread at a time; blocks on the disk. Failure: a
/// log that cannot be rotated grows on and is tried again at the next tick. Cost: one question to the disk
/// for each running container, and no more while its log is small.
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
  LogRotation(Deps deps, Options options) : deps_(std::move(deps)), options_(options) {}

  /// Looks at every running container's log once; how many were rotated.
  size_t tick();

 private:
  Result<void> rotate(const RunningLog& running);

  const Deps deps_;
  const Options options_;
};

}  // namespace mizzen::kubelet
