#pragma once
#include "async/mutex.h"
#include "async/stop.h"
#include "base/clock.h"
#include "base/result.h"

namespace mizzen::rest {

/// Role: lets so many pass a second on average and so many at once; those beyond wait in turn. Behaviour:
/// client-go's flow control. Threading: thread-safe. Failure: Timeout at once where the turn would come after
/// the deadline; that turn is not used up.
class TokenBucket {
 public:
  /// per_second 0: everybody passes.
  TokenBucket(const Clock& clock, double per_second, int burst);
  /// When the caller's turn is; it has to wait until then.
  Result<Monotonic> reserve(const Deadline& deadline);
  /// Waits for a turn, until the deadline or the stop (Cancelled; the turn is lost).
  Result<void> take(const Deadline& deadline, const StopToken& stop);

 private:
  const Clock& clock_;
  const double per_second_;
  const double burst_;
  Mutex m_;
  double tokens_ MZ_GUARDED_BY(m_);  ///< below zero: turns given out in advance
  Monotonic at_ MZ_GUARDED_BY(m_);   ///< when tokens_ was true
};

}  // namespace mizzen::rest
