#include "async/timers.h"

#include "base/check.h"

namespace mizzen {

Timers::Timers(Executor& on, const Clock& clock)
    : on_(on), clock_(clock), thread_("timers", [this] { run(); }) {}

Timers::Id Timers::after(Duration delay, std::function<void()> f) {
  Lock lock(m_);
  const Id id = next_id_++;
  const auto it = due_.emplace(later(clock_.monotonic(), delay), std::pair(id, std::move(f)));
  by_id_.emplace(id, it);
  if (it == due_.begin()) changed_.notify_one();
  return id;
}

void Timers::cancel(Id id) {
  std::function<void()> dropped;  // goes after the lock: what it holds may cancel timers of its own
  Lock lock(m_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  dropped = std::move(found->second->second.second);
  due_.erase(found->second);
  by_id_.erase(found);
}

void Timers::run() {
  m_.lock();
  while (!stopping_) {
    if (due_.empty()) {
      changed_.wait(m_);
      continue;
    }
    const auto it = due_.begin();
    if (it->first > clock_.monotonic()) {
      changed_.wait_until(m_, Deadline::at(it->first, clock_));
      continue;
    }
    std::function<void()> f = std::move(it->second.second);
    MZ_CHECK(by_id_.erase(it->second.first) == 1, "timer {} is not in the index", it->second.first);
    due_.erase(it);
    m_.unlock();
    // A full executor must not lose a timer: run it a little later.
    if (!on_.post(f)) after(std::chrono::milliseconds(100), std::move(f));
    m_.lock();
  }
  m_.unlock();
}

void Timers::stop() {
  decltype(due_) dropped;
  {
    Lock lock(m_);
    stopping_ = true;
    dropped.swap(due_);
    by_id_.clear();
    changed_.notify_all();
  }
  thread_.join();
}

}  // namespace mizzen
