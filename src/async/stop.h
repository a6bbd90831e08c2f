#pragma once
#include <functional>
#include <memory>

#include "base/clock.h"

namespace mizzen {

class StopState;

/// Tells long-running work to end. Copies share one state.
/// Threading: thread-safe.
class StopToken {
 public:
  StopToken() = default;  ///< never stops
  bool stopped() const;
  /// Sleeps until the deadline or the stop; true where stopped.
  bool wait_until(Deadline deadline) const;
  /// Runs `f` once on stop, from the stopping thread, or at once where already stopped. `f` must not block.
  /// Destroying the returned handle unregisters and waits for a call in progress on another thread.
  [[nodiscard]] std::shared_ptr<void> on_stop(std::function<void()> f) const;

 private:
  friend class StopSource;
  explicit StopToken(std::shared_ptr<StopState> state) : state_(std::move(state)) {}
  std::shared_ptr<StopState> state_;
};

/// The owner's side of a StopToken. Stopping twice is harmless.
class StopSource {
 public:
  StopSource();
  void stop();
  StopToken token() const { return StopToken(state_); }

 private:
  std::shared_ptr<StopState> state_;
};

}  // namespace mizzen
