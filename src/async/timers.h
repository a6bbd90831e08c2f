#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "async/executor.h"
#include "async/mutex.h"
#include "async/thread.h"
#include "base/clock.h"

namespace mizzen {

/// Role: runs functions later, on an executor: delayed work of queues, back-off, periodic looks.
/// Threading: thread-safe. One thread sleeps until the next deadline; without timers it sleeps for good.
/// Lifecycle: stop() forgets all timers and joins; idempotent; also in the destructor. The executor must
/// outlive it. Bounds: one entry per pending timer; callers bound their own.
class Timers {
 public:
  using Id = uint64_t;
  Timers(Executor& on, const Clock& clock);
  ~Timers() { stop(); }
  /// Runs `f` once, about `delay` from now; never where that lies beyond the end of the clock. Ids are never
  /// 0.
  Id after(Duration delay, std::function<void()> f);
  /// Forgets a timer that has not fired; a function that is already queued still runs. The cost does not
  /// depend on how many there are.
  void cancel(Id id);
  void stop();

 private:
  void run();

  Executor& on_;
  const Clock& clock_;
  Mutex m_;
  CondVar changed_;
  using Due = std::multimap<Monotonic, std::pair<Id, std::function<void()>>>;
  Due due_ MZ_GUARDED_BY(m_);
  std::unordered_map<Id, Due::iterator> by_id_ MZ_GUARDED_BY(m_);  ///< of everything in due_
  Id next_id_ MZ_GUARDED_BY(m_) = 1;
  bool stopping_ MZ_GUARDED_BY(m_) = false;
  Thread thread_;
};

}  // namespace mizzen
