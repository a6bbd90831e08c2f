#include "async/timers.h"

namespace mizzen {

Timers::Timers(Executor& on, const Clock& clock)
    : on_(on), clock_(clock), thread_("timers", [this] { run(); }) {}

Timers::Id Timers::after(Duration delay, std::function<void()> f) {
  Lock lock(m_);
  const Id id = next_id_++;
  const auto it = due_.emplace(clock_.monotonic() + delay, std::pair(id, std::move(f)));
  if (it == due_.begin()) changed_.notify_one();
  return id;
}

void Timers::cancel(Id id) {
  Lock lock(m_);
  for (auto it = due_.begin(); it != due_.end(); ++it)
    if (it->second.first == id) {
      due_.erase(it);
      return;
    }
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
      changed_.wait_until(m_, Deadline::at(it->first));
      continue;
    }
    std::function<void()> f = std::move(it->second.second);
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
    changed_.notify_all();
  }
  thread_.join();
}

}  // namespace mizzen
