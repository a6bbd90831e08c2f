#pragma once
#include <signal.h>

#include "base/clock.h"

namespace mizzen::apps {

inline constexpr Duration kStartTimeout = std::chrono::seconds(30);
inline constexpr Duration kDrainTimeout = std::chrono::seconds(10);

/// Role: what a process of ours sets up before anything else runs, and its wait for the end: signals, memory,
/// the mask of file modes. Threading: made and used by the main thread, before it starts others.
class Process {
 public:
  Process();
  /// Blocks until SIGTERM or SIGINT; its number.
  int wait();

 private:
  sigset_t signals_;
};

}  // namespace mizzen::apps
