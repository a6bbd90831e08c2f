#include "apiserver/cache/dispatch.h"

#include <utility>

namespace mizzen::apiserver {
namespace {
thread_local const Dispatch* t_current = nullptr;
}

Dispatch::Dispatch(Duration period, std::function<void()> tick)
    : period_(period), tick_(std::move(tick)), thread_("watch-dispatch", [this] { run(); }) {}

void Dispatch::post(std::function<void()> f) {
  Lock lock(m_);
  if (stopping_) return;
  queue_.push_back(std::move(f));
  wake_.notify_one();
}

bool Dispatch::on_thread() const { return t_current == this; }

void Dispatch::run() {
  t_current = this;
  Deadline next_tick = Deadline::after(period_);
  for (;;) {
    std::function<void()> f;
    {
      Lock lock(m_);
      while (queue_.empty() && !stopping_ && !next_tick.expired()) wake_.wait_until(m_, next_tick);
      if (stopping_) return;
      if (!queue_.empty()) {
        f = std::move(queue_.front());
        queue_.pop_front();
      }
    }
    if (f) {
      f();
    } else {
      tick_();
      next_tick = Deadline::after(period_);
    }
  }
}

void Dispatch::stop() {
  std::deque<std::function<void()>> dropped;
  {
    Lock lock(m_);
    stopping_ = true;
    dropped.swap(queue_);
    wake_.notify_all();
  }
  if (!on_thread()) thread_.join();
}

}  // namespace mizzen::apiserver
