#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"

namespace mizzen {

/// Role: stands in for the kernel where many threads of ours take turns on one thread of the system: what
/// would block there gives the turn to another. Place: the simulation's scheduler implements it and sets it
/// for its own thread; in the program there is none. Mutex, CondVar, Thread and ThreadPool ask for it, and
/// nobody else does. Threading: confined to the thread that it is set for. Since only one takes its turn at a
/// time and none loses it but by these calls, no notification is lost between unlocking and waiting.
class Cooperation {
 public:
  /// Names a thread of ours.
  using ThreadId = uint64_t;

  virtual ~Cooperation() = default;
  /// Blocks the caller until `on` is notified; false where `until` came first. `on` names a condition or a
  /// mutex; it is not looked into.
  virtual bool wait(const void* on, Monotonic until) = 0;
  /// Wakes one of those who wait for `on`, or all.
  virtual void notify(const void* on, bool all) = 0;
  /// Begins a thread of ours. Its id is never 0.
  virtual ThreadId spawn(std::string name, std::function<void()> body) = 0;
  /// Blocks until that thread has ended.
  virtual void join(ThreadId thread) = 0;
  /// The thread whose turn it is.
  virtual ThreadId current() const = 0;
};

namespace internal {
inline thread_local Cooperation* t_cooperation = nullptr;
}  // namespace internal

/// Of the calling thread; null in the program.
inline Cooperation* cooperation() { return internal::t_cooperation; }
inline void set_cooperation(Cooperation* c) { internal::t_cooperation = c; }

/// A number that differs between threads, also between those that take turns; never 0.
uint64_t this_thread_id();

/// Role: a number of each thread's own, 0 at first: what thread_local is, also where threads take turns. Made
/// before the program's threads and never destroyed, kMax of them at most. Threading: a thread sees its own.
class PerThread {
 public:
  static constexpr size_t kMax = 4;
  /// What all of them hold for one thread. Whoever gives the turn on saves it and puts the next one's in
  /// place.
  using Values = std::array<uint64_t, kMax>;
  static Values& values();

  PerThread();
  uint64_t& get() const { return values()[index_]; }

 private:
  const size_t index_;
};

}  // namespace mizzen
