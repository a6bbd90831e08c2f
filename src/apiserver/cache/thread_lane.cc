#include "apiserver/cache/thread_lane.h"

#include <utility>

namespace mizzen::apiserver {
namespace {
thread_local const ThreadLane* t_current = nullptr;
}

ThreadLane::ThreadLane(std::string name) : thread_(std::move(name), [this] { run(); }) {}

void ThreadLane::post(std::function<void()> f) {
  Lock lock(m_);
  if (stopping_) return;
  queue_.push_back(std::move(f));
  wake_.notify_one();
}

bool ThreadLane::here() const { return t_current == this; }

void ThreadLane::run() {
  t_current = this;
  for (;;) {
    std::function<void()> f;
    {
      Lock lock(m_);
      while (queue_.empty() && !stopping_) wake_.wait(m_);
      if (stopping_) return;
      f = std::move(queue_.front());
      queue_.pop_front();
    }
    f();
  }
}

void ThreadLane::stop() {
  std::deque<std::function<void()>> dropped;
  {
    Lock lock(m_);
    stopping_ = true;
    dropped.swap(queue_);
    wake_.notify_all();
  }
  if (!here()) thread_.join();
}

}  // namespace mizzen::apiserver
