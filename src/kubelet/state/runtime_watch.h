#pragma once
#include <functional>
#include <string>

#include "async/mutex.h"
#include "base/clock.h"
#include "cri/runtime.h"
#include "kubelet/state/runtime_state.h"

namespace mizzen::kubelet {

/// Role: looks at the runtime from time to time: which pods changed since the last look, and whether it is
/// well. Threading: look() from one thread; the rest thread-safe. Truth: the runtime's lists; a look that
/// fails changes nothing but the problem text.
class RuntimeWatch {
 public:
  RuntimeWatch(cri::Runtime& runtime, const Clock& clock) : runtime_(runtime), clock_(clock) {}

  /// Reads the lists; `on_change` for each pod that differs from the last look, with what the runtime knows
  /// of it (empty text where it is gone).
  void look(const std::function<void(const std::string& uid, const PodSketch& sketch)>& on_change);
  /// Asks the runtime whether it and its network are ready.
  void ask_status();
  /// Why the node is not ready: empty where all is well. A runtime that was not seen well for 30 s is down.
  std::string runtime_problem() const;
  std::string network_problem() const;
  Sketches pods() const;

 private:
  cri::Runtime& runtime_;
  const Clock& clock_;
  Sketches last_;
  mutable Mutex m_;
  Sketches shown_ MZ_GUARDED_BY(m_);
  std::string status_problem_ MZ_GUARDED_BY(m_) = "container runtime status check may not have completed yet";
  std::string network_problem_ MZ_GUARDED_BY(m_);
  Monotonic last_good_ MZ_GUARDED_BY(m_);
  bool ever_good_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::kubelet
