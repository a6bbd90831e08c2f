#pragma once
#include <deque>
#include <functional>

#include "apiserver/cache/lane.h"
#include "async/mutex.h"

namespace mizzen::apiserver::testing {

/// Role: a lane whose turns a test takes one by one, on its own thread, so that it knows their order.
/// Threading: post() is thread-safe; turns are one thread's.
class TurnLane final : public Lane {
 public:
  void post(std::function<void()> f) override {
    if (on_post) on_post();
    Lock lock(m_);
    queue_.push_back(std::move(f));
  }
  bool here() const override { return true; }
  size_t waiting() const {
    Lock lock(m_);
    return queue_.size();
  }
  void turn() {
    std::function<void()> f;
    {
      Lock lock(m_);
      f = std::move(queue_.front());
      queue_.pop_front();
    }
    f();
  }
  void turn_all() {
    while (waiting() > 0) turn();
  }

  std::function<void()> on_post;  ///< called first; set while nobody posts

 private:
  mutable Mutex m_;
  std::deque<std::function<void()>> queue_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::apiserver::testing
