#pragma once
#include <functional>
#include <string>
#include <thread>

#include "base/cooperation.h"

namespace mizzen {

/// A named thread that is joined when its owner goes. The body must end by itself once its StopToken says so.
/// The name (15 bytes at most) is what `ps -L` shows.
class Thread {
 public:
  Thread() = default;
  Thread(std::string name, std::function<void()> body);
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { join(); }
  void join();

 private:
  std::thread thread_;
  Cooperation::ThreadId in_turns_ = 0;  ///< in the simulation
};

/// Runs `body` on a thread of this name that nobody joins: its owner finds out by itself when it has ended.
void run_detached(std::string name, std::function<void()> body);

}  // namespace mizzen
