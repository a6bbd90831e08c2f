#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>

#include "async/mutex.h"
#include "base/clock.h"

namespace mizzen {

/// The first multiple of `beat` after `when`. What need not be punctual is asked for on a beat, so that much
/// of it is done in one wake-up. Never stays never. Requires beat > 0.
Monotonic next_beat(Monotonic when, Duration beat);

/// Role: functions to be run later by whoever has a loop of its own: Timers without a thread.
/// Place: a component whose loop calls tick() and sleeps until what it returns. Threading: thread-safe;
/// functions run on the thread that calls tick(), without locks held, and must be short. Invariant: a
/// function runs once or not at all. Bounds: one entry per pending alarm; callers bound their own.
class Alarms {
 public:
  using Id = uint64_t;
  /// `wake` is told when the next alarm is earlier than tick() said.
  Alarms(const Clock& clock, std::function<void()> wake) : clock_(clock), wake_(std::move(wake)) {}
  /// Ids are never 0.
  Id after(Duration delay, std::function<void()> f);
  /// One that runs already goes on.
  void cancel(Id id);
  /// Runs what is due; when the next one is.
  Monotonic tick();

 private:
  const Clock& clock_;
  const std::function<void()> wake_;
  Mutex m_;
  using Due = std::multimap<Monotonic, std::pair<Id, std::function<void()>>>;
  Due due_ MZ_GUARDED_BY(m_);
  std::unordered_map<Id, Due::iterator> by_id_ MZ_GUARDED_BY(m_);  ///< of everything in due_
  Id next_id_ MZ_GUARDED_BY(m_) = 1;
};

}  // namespace mizzen
