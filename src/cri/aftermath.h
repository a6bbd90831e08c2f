#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mizzen::cri {

/// Role: takes away what a containerd that died was making, or one whose caller died: containers that never
/// got a process, network namespaces that no container names, shims that serve none. Place: made by
/// Containerd. containerd 1.6 does none of it: a shim without a task it takes over and lets go on for ever,
/// one whose start was cut off and a namespace it has forgotten. Truth: the folders of containerd's state,
/// its list of tasks, /proc. Lifecycle: before_start() while no containerd runs, after_start() once the next
/// one answers; in between a file says what has to be asked, so that it is asked whoever lives then. shims()
/// before anybody asks for a new container, remove_idle() of them when what was under way has ended.
/// Threading: thread-safe, it keeps nothing. Failure: told in the log; what is left is seen to after the next
/// death.
class Aftermath {
 public:
  struct Options {
    std::string data_folder;   ///< of containerd
    std::string runtime_path;  ///< runc or crun
    const Clock& clock;
  };
  explicit Aftermath(Options options);

  void before_start();
  using Tasks = std::function<Result<std::vector<std::string>>()>;
  /// `tasks`: the ids that containerd lists now; asked only where before_start() found any.
  void after_start(const Tasks& tasks);
  /// The containers that have a shim of this containerd.
  std::vector<std::string> shims() const;
  /// Those of them that have no task, and still a shim.
  void remove_idle(const std::vector<std::string>& before, const Tasks& tasks) const;

  const std::string& bundles() const { return bundles_; }
  const std::string& namespaces() const { return namespaces_; }

 private:
  std::vector<std::string> ids() const;
  void remove_unnamed_namespaces() const;
  bool end_makers(const std::string& id) const;
  void remove(const std::string& id) const;

  const Options options_;
  const std::string bundles_, work_, namespaces_;
  const std::string unasked_;  ///< a file: the tasks that were there when containerd was not
};

}  // namespace mizzen::cri
