#include "async/executor.h"

#include <utility>

#include "base/check.h"

namespace mizzen {

ThreadPool::ThreadPool(const Clock& clock, Options options) : clock_(clock), options_(std::move(options)) {}
ThreadPool::~ThreadPool() { stop(); }

bool ThreadPool::post(std::function<void()> f) {
  Lock lock(m_);
  if (stopping_ || queue_.size() >= options_.queue_max) return false;
  queue_.push_back(std::move(f));
  if (idle_ >= queue_.size()) {
    work_.notify_one();
  } else if (threads_ < options_.threads_max) {
    ++threads_;
    // Detached, yet never lost: stop() waits until threads_ is zero, and run() touches nothing after that.
    run_detached(options_.name, [this] { run(); });
  }
  return true;
}

void ThreadPool::run() {
  m_.lock();
  for (;;) {
    while (queue_.empty() && !stopping_) {
      ++idle_;
      const bool woken =
          work_.wait_until(m_, Deadline::after(std::chrono::milliseconds(options_.idle_ms), clock_));
      --idle_;
      if (!woken && queue_.empty()) break;
    }
    if (queue_.empty()) break;
    std::function<void()> f = std::move(queue_.front());
    queue_.pop_front();
    m_.unlock();
    f();
    f = nullptr;
    m_.lock();
  }
  --threads_;
  ended_.notify_all();
  m_.unlock();
}

void ThreadPool::stop() {
  Lock lock(m_);
  stopping_ = true;
  work_.notify_all();
  while (threads_ > 0) ended_.wait(m_);
}

size_t ThreadPool::depth() const {
  Lock lock(m_);
  return queue_.size();
}

struct SerialQueue::State : std::enable_shared_from_this<State> {
  State(Executor& e, size_t max) : on(e), queue_max(max) {}
  Executor& on;
  const size_t queue_max;
  Mutex m;
  std::deque<std::function<void()>> queue MZ_GUARDED_BY(m);
  bool scheduled MZ_GUARDED_BY(m) = false;

  void drain() {
    for (;;) {
      std::function<void()> f;
      {
        Lock lock(m);
        if (queue.empty()) {
          scheduled = false;
          return;
        }
        f = std::move(queue.front());
        queue.pop_front();
      }
      f();
    }
  }
};

SerialQueue::SerialQueue(Executor& on, size_t queue_max) : state_(std::make_shared<State>(on, queue_max)) {}

bool SerialQueue::post(std::function<void()> f) {
  // Under the lock until the drain is queued: nobody else may be told "queued" behind a function that is
  // refused after all.
  Lock lock(state_->m);
  if (state_->queue.size() >= state_->queue_max) return false;
  if (!state_->scheduled) {
    MZ_CHECK(state_->queue.empty(), "{} functions wait for a drain that nobody queued", state_->queue.size());
    if (!state_->on.post([s = state_] { s->drain(); })) return false;
    state_->scheduled = true;
  }
  state_->queue.push_back(std::move(f));
  return true;
}

}  // namespace mizzen
