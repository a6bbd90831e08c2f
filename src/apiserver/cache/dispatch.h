#pragma once
#include <deque>
#include <functional>

#include "async/mutex.h"
#include "async/thread.h"

namespace mizzen::apiserver {

/// Role: the one thread that hands committed changes to watchers, in order, away from the committing thread.
/// Threading: post() is thread-safe and never refuses; functions run one at a time in order of posting.
/// Lifecycle: stop() drops what waits and joins; idempotent; also in the destructor.
/// Bounds: one function per committed batch and resource; watchers never make it wait, because their own
/// buffers are bounded and a slow one is cut.
class Dispatch {
 public:
  /// `tick` runs on the thread about every `period`, for bookmarks.
  Dispatch(Duration period, std::function<void()> tick);
  ~Dispatch() { stop(); }
  void post(std::function<void()> f);
  bool on_thread() const;
  void stop();

 private:
  void run();

  const Duration period_;
  const std::function<void()> tick_;
  Mutex m_;
  CondVar wake_;
  std::deque<std::function<void()>> queue_ MZ_GUARDED_BY(m_);
  bool stopping_ MZ_GUARDED_BY(m_) = false;
  Thread thread_;
};

}  // namespace mizzen::apiserver
