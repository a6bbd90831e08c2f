#pragma once
#include <optional>
#include <string>
#include <vector>

#include "async/gate.h"
#include "async/mutex.h"
#include "async/stop.h"
#include "cri/runtime.h"

namespace mizzen::kubelet {

/// Role: whether the runtime and its network are well, as the node's Ready condition tells it.
/// Threading: thread-safe; ask() does not block. Failure: a runtime that was not seen well for 30 s is down.
class RuntimeHealth {
 public:
  RuntimeHealth(cri::Runtime& runtime, const Clock& clock) : runtime_(runtime), clock_(clock) {}
  ~RuntimeHealth() { stop(); }

  /// Asks the runtime for its conditions; one question at a time.
  void ask();
  /// Why the node is not ready, in upstream's words: empty where all is well. `listed_at`: when its pods were
  /// last listed whole; nothing where never.
  std::string runtime_problem(std::optional<Monotonic> listed_at) const;
  std::string network_problem() const;
  /// What it says that it can do, and its default handler; nothing before it was asked successfully.
  struct Features {
    bool groups_policy = false;
    bool recursive_read_only = false;
    bool user_namespaces = false;
    std::vector<cri::v1::RuntimeHandler> handlers;
  };
  std::optional<Features> features() const;
  void stop();

 private:
  void answered(const Result<cri::v1::StatusResponse>& answer);

  cri::Runtime& runtime_;
  const Clock& clock_;
  Gate gate_;
  StopSource stop_;
  mutable Mutex m_;
  bool asking_ MZ_GUARDED_BY(m_) = false;
  std::string status_problem_ MZ_GUARDED_BY(m_) = "container runtime status check may not have completed yet";
  std::string network_problem_ MZ_GUARDED_BY(m_);
  std::optional<Monotonic> last_good_ MZ_GUARDED_BY(m_);
  std::optional<Features> features_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::kubelet
