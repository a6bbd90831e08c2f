#include "apiserver/cache/thread_lane.h"

#include <utility>

#include "base/cooperation.h"

namespace mizzen::apiserver {
namespace {
const PerThread g_lane;  // the lane whose thread it is
}

ThreadLane::ThreadLane(std::string name) : thread_(std::move(name), [this] { run(); }) {}

void ThreadLane::post(std::function<void()> f) {
  Lock lock(m_);
  if (stopping_) return;
  queue_.push_back(std::move(f));
  wake_.notify_one();
}

bool ThreadLane::here() const { return g_lane.get() == reinterpret_cast<uintptr_t>(this); }

void ThreadLane::run() {
  g_lane.get() = reinterpret_cast<uintptr_t>(this);
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
