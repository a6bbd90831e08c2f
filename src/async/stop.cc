#include "async/stop.h"

#include <map>
#include <thread>

#include "async/mutex.h"

namespace mizzen {

using ThreadId = decltype(std::this_thread::get_id());

class StopState {
 public:
  Mutex m;
  CondVar cv;
  bool stopped MZ_GUARDED_BY(m) = false;
  int64_t running MZ_GUARDED_BY(m) = -1;  ///< id of the callback being run
  ThreadId runner MZ_GUARDED_BY(m);       ///< the thread that runs it
  int64_t next_id MZ_GUARDED_BY(m) = 0;
  std::map<int64_t, std::function<void()>> callbacks MZ_GUARDED_BY(m);
};

bool StopToken::stopped() const {
  if (!state_) return false;
  Lock lock(state_->m);
  return state_->stopped;
}

bool StopToken::wait_until(Deadline deadline) const {
  if (!state_) {  // nothing can stop it: a plain sleep
    Mutex m;
    CondVar cv;
    Lock lock(m);
    while (!deadline.expired()) cv.wait_until(m, deadline);
    return false;
  }
  Lock lock(state_->m);
  while (!state_->stopped)
    if (!state_->cv.wait_until(state_->m, deadline)) return state_->stopped;
  return true;
}

std::shared_ptr<void> StopToken::on_stop(std::function<void()> f) const {
  if (!state_) return nullptr;
  int64_t id = 0;
  bool now = false;
  {
    Lock lock(state_->m);
    now = state_->stopped;
    id = state_->next_id++;
    if (!now) state_->callbacks.emplace(id, f);
  }
  if (now) {
    f();
    return nullptr;
  }
  return std::shared_ptr<void>(static_cast<void*>(state_.get()), [state = state_, id](void*) {
    Lock lock(state->m);
    state->callbacks.erase(id);
    // Its own callback may let go of it last: that does not wait for itself.
    const bool own = state->runner == std::this_thread::get_id();
    while (state->running == id && !own) state->cv.wait(state->m);
  });
}

StopSource::StopSource() : state_(std::make_shared<StopState>()) {}

void StopSource::stop() {
  // Whoever waits for the stop may go on at once, and the source may go while this is still at work.
  const std::shared_ptr<StopState> held = state_;
  StopState& s = *held;
  {
    Lock lock(s.m);
    if (s.stopped) return;
    s.stopped = true;
    s.cv.notify_all();
  }
  for (;;) {
    std::function<void()> f;
    {
      Lock lock(s.m);
      s.running = -1;
      s.cv.notify_all();
      if (s.callbacks.empty()) return;
      auto it = s.callbacks.begin();
      s.running = it->first;
      s.runner = std::this_thread::get_id();
      f = std::move(it->second);
      s.callbacks.erase(it);
    }
    f();
  }
}

}  // namespace mizzen
