#pragma once
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

/// Role: keeps the logs of running containers small: one that outgrew bytes_max is renamed to LOG.DATE-TIME,
/// the runtime opens a new one, older files are compressed (.gz) and the oldest go. Kubernetes contract:
/// upstream's containerLogMaxSize and containerLogMaxFiles; `kubectl logs` shows the newest file only. Truth:
/// the files; nothing is kept in memory. Threading: from one thread at a time; blocks on the disk. Failure: a
/// log that cannot be rotated grows on and is tried again at the next tick.
class LogRotation {
 public:
  struct Options {
    std::string logs_folder;
    int64_t bytes_max = 10 << 20;
    int files_max = 5;
  };
  LogRotation(cri::Runtime& runtime, const Clock& clock, Options options)
      : runtime_(runtime), clock_(clock), options_(std::move(options)) {}

  /// Looks at every container's log once; how many were rotated.
  size_t tick();

 private:
  Result<bool> rotate(const std::string& pod_uid, const std::string& container, const std::string& folder,
                      const std::string& log, const std::vector<std::string>& names);
  Result<std::string> running_container(const std::string& pod_uid, const std::string& container,
                                        uint32_t attempt);

  cri::Runtime& runtime_;
  const Clock& clock_;
  const Options options_;
};

}  // namespace mizzen::kubelet
