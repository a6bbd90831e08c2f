#pragma once
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/cooperation.h"

#if defined(__clang__)
#define MZ_TSA(x) __attribute__((x))
#else
#define MZ_TSA(x)
#endif
#define MZ_GUARDED_BY(m) MZ_TSA(guarded_by(m))
#define MZ_REQUIRES(m) MZ_TSA(requires_capability(m))
#define MZ_EXCLUDES(m) MZ_TSA(locks_excluded(m))

namespace mizzen {

/// A mutex that Clang's thread-safety analysis understands. std::mutex is banned outside this file. Where
/// threads take turns on one (base/cooperation.h) it gives the turn on instead of blocking.
class MZ_TSA(capability("mutex")) Mutex {
 public:
  void lock() MZ_TSA(acquire_capability()) {
    if (cooperation()) return lock_in_turns();
    m_.lock();
  }
  void unlock() MZ_TSA(release_capability()) {
    m_.unlock();
    if (Cooperation* const c = cooperation()) c->notify(this, false);
  }
  bool try_lock() MZ_TSA(try_acquire_capability(true)) { return m_.try_lock(); }

 private:
  friend class CondVar;
  void lock_in_turns() MZ_TSA(no_thread_safety_analysis) {
    while (!m_.try_lock()) cooperation()->wait(this, Monotonic::max());
  }
  std::mutex m_;
};

/// Holds a Mutex for a scope.
class MZ_TSA(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& m) MZ_TSA(acquire_capability(m)) : m_(m) { m_.lock(); }
  ~Lock() MZ_TSA(release_capability()) { m_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& m_;
};

/// Condition variable for Mutex. Waits may wake without cause: always wait in a loop on the condition.
class CondVar {
 public:
  void wait(Mutex& m) MZ_REQUIRES(m) {
    if (cooperation()) return (void)wait_in_turns(m, Monotonic::max());
    std::unique_lock<std::mutex> lock(m.m_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }
  /// False where the deadline passed; what was left of it is measured by the system's clock.
  bool wait_until(Mutex& m, Deadline deadline) MZ_REQUIRES(m) {
    if (deadline.is_never()) return wait(m), true;
    if (cooperation()) return wait_in_turns(m, deadline.when());
    std::unique_lock<std::mutex> lock(m.m_, std::adopt_lock);
    const bool ok = cv_.wait_for(lock, deadline.left()) == std::cv_status::no_timeout;
    lock.release();
    return ok;
  }
  void notify_one() { notify(false); }
  void notify_all() { notify(true); }

 private:
  void notify(bool all) {
    if (Cooperation* const c = cooperation()) return c->notify(this, all);
    all ? cv_.notify_all() : cv_.notify_one();
  }
  bool wait_in_turns(Mutex& m, Monotonic until) MZ_REQUIRES(m) MZ_TSA(no_thread_safety_analysis) {
    m.unlock();
    const bool woken = cooperation()->wait(this, until);
    m.lock();
    return woken;
  }

  std::condition_variable cv_;
};

/// A value that cannot be reached without its lock: state.with([](State& s) { ... }).
template <typename T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}
  template <typename F>
  auto with(F&& f) {
    Lock lock(m_);
    return std::forward<F>(f)(value_);
  }
  template <typename F>
  auto with(F&& f) const {
    Lock lock(m_);
    return std::forward<F>(f)(static_cast<const T&>(value_));
  }

 private:
  mutable Mutex m_;
  T value_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen
