#pragma once
#include <deque>

#include "apiserver/cache/lane.h"
#include "async/mutex.h"
#include "async/thread.h"

namespace mizzen::apiserver {

/// Role: the lane of components in this process: one thread. Threading: post() is thread-safe and never
/// refuses before stop(). Lifecycle: stop() drops what waits and joins; idempotent; also in the destructor.
/// Bounds: one function for each resource with news, and what watchers post to go on: a few for each watcher.
class ThreadLane final : public Lane {
 public:
  explicit ThreadLane(std::string name);
  ~ThreadLane() override { stop(); }
  void post(std::function<void()> f) override;
  bool here() const override;
  void stop();

 private:
  void run();

  Mutex m_;
  CondVar wake_;
  std::deque<std::function<void()>> queue_ MZ_GUARDED_BY(m_);
  bool stopping_ MZ_GUARDED_BY(m_) = false;
  Thread thread_;
};

}  // namespace mizzen::apiserver
