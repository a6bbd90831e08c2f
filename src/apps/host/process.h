#pragma once
#include <signal.h>

#include <chrono>

namespace mizzen::apps {

inline constexpr std::chrono::seconds kStartTimeout{30};
inline constexpr std::chrono::seconds kDrainTimeout{10};
/// Longer than everything that ends a process in order may take.
inline constexpr std::chrono::seconds kStopMax{20};

/// Role: what a process of ours sets up before anything else runs, and its wait for the end: signals, memory,
/// the mask of file modes. Threading: made and used by the main thread, before it starts others; outlives
/// all that has to be stopped. Bounds: a process that was told to end does, kStopMax later at the latest: a
/// thread that waits for a disk that hangs cannot be waited for. Nothing that was acknowledged is lost by
/// that, as by a kill. Told again it goes on as before: `timeout` and others tell twice.
class Process {
 public:
  explicit Process(std::chrono::seconds stop_max = kStopMax);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// Blocks until SIGTERM or SIGINT; its number. What follows is the stop.
  int wait();
  /// The same for so long at most; 0 where neither came.
  int wait_for(std::chrono::milliseconds most);

 private:
  void begin_stop();
  const std::chrono::seconds stop_max_;
  sigset_t signals_;
};

}  // namespace mizzen::apps
