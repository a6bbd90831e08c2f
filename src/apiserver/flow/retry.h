#pragma once
#include <memory>

#include "async/executor.h"
#include "async/mutex.h"
#include "async/timers.h"
#include "base/random.h"

namespace mizzen::apiserver {

/// Role: goes on with requests whose commit found something else in the store than they were evaluated on,
/// and with those that a plug-in held up. Place: one, owned by Core. Threading: thread-safe; what it runs may
/// block. Its threads are its own, so that callers who block for a request cannot keep it from ending.
/// Lifecycle: stop() runs what is queued and joins. Bounds: as the pool's queue; again() says false beyond.
class Retry {
 public:
  Retry(const Clock& clock, Random& random)
      : clock_(clock), random_(random), pool_(clock, {"api-retry", 16, 10'000, 10'000}) {}
  ~Retry() { stop(); }

  /// At once.
  [[nodiscard]] bool soon(std::function<void()> f) { return pool_.post(std::move(f)); }
  /// Try number `attempt`, from 1: the first ones at once, then after a time that doubles, with jitter.
  [[nodiscard]] bool again(int attempt, std::function<void()> f);
  void stop();

 private:
  const Clock& clock_;
  Random& random_;
  ThreadPool pool_;
  Mutex m_;
  std::unique_ptr<Timers> timers_ MZ_GUARDED_BY(m_);  ///< made when first needed: it keeps a thread
  bool stopped_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::apiserver
