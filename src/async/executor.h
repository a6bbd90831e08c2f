#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "async/thread.h"
#include "base/clock.h"
#include "base/result.h"

namespace mizzen {

/// Runs functions some time, on some thread. Everything above `async` takes an Executor&, never a thread.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Queues `f`. False where the queue is full or the executor has stopped: `f` will not run.
  [[nodiscard]] virtual bool post(std::function<void()> f) = 0;
};

/// Role: a pool of named worker threads behind one bounded queue; threads are started when there is work for
/// them, up to threads_max, and end after idle_ms without any, so that an idle process keeps none. Threading:
/// thread-safe. A function may block; it must end by itself. Lifecycle: stop() refuses new work, runs what is
/// queued, joins; idempotent; also called by the destructor. Bounds: queue_max waiting functions; post() says
/// false beyond.
class ThreadPool final : public Executor {
 public:
  struct Options {
    std::string name = "worker";
    size_t threads_max = 8;
    size_t queue_max = 4096;
    int idle_ms = 10'000;
  };
  /// `clock` says how long a thread has been idle.
  ThreadPool(const Clock& clock, Options options);
  ~ThreadPool() override;
  bool post(std::function<void()> f) override;
  void stop();
  /// Waiting functions; for metrics.
  size_t depth() const;

 private:
  void run();

  const Clock& clock_;
  const Options options_;
  mutable Mutex m_;
  CondVar work_;
  CondVar ended_;
  std::deque<std::function<void()>> queue_ MZ_GUARDED_BY(m_);
  size_t threads_ MZ_GUARDED_BY(m_) = 0;
  size_t idle_ MZ_GUARDED_BY(m_) = 0;
  bool stopping_ MZ_GUARDED_BY(m_) = false;
};

/// Role: runs functions of one owner one at a time and in order on another executor: the lock-free way to
/// serialise. Threading: thread-safe. Functions of one queue never overlap. Must outlive nothing: pending
/// work keeps the state. Invariant: what post() said true to runs, after everything posted before it. The
/// executor below must not run functions inside its post(). Bounds: queue_max waiting functions; post() says
/// false beyond.
class SerialQueue final : public Executor {
 public:
  static constexpr size_t kQueueMax = 1 << 16;
  explicit SerialQueue(Executor& on, size_t queue_max = kQueueMax);
  bool post(std::function<void()> f) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mizzen
