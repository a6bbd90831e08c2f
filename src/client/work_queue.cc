#include "client/work_queue.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "async/mutex.h"

namespace mizzen::client {

struct WorkQueue::State : std::enable_shared_from_this<WorkQueue::State> {
  State(Options o, Executor& e, Timers& t, Handler h)
      : options(std::move(o)), executor(e), timers(t), handler(std::move(h)) {}

  const Options options;
  Executor& executor;
  Timers& timers;
  const Handler handler;
  mutable Mutex m;
  CondVar idle;
  std::deque<std::string> ready MZ_GUARDED_BY(m);
  std::set<std::string> dirty MZ_GUARDED_BY(m);  ///< waiting, in `ready` or to run again
  std::set<std::string> processing MZ_GUARDED_BY(m);
  std::map<std::string, int> failures MZ_GUARDED_BY(m);
  size_t workers MZ_GUARDED_BY(m) = 0;
  /// Keys that come back later, each once: at the earliest time asked for.
  std::map<std::string, std::pair<Monotonic, Timers::Id>> delayed MZ_GUARDED_BY(m);
  bool started MZ_GUARDED_BY(m) = false;
  bool stopped MZ_GUARDED_BY(m) = false;

  void add(const std::string& key) {
    {
      Lock lock(m);
      if (stopped || !dirty.insert(key).second) return;
      if (processing.contains(key)) return;  // runs again when done
      ready.push_back(key);
    }
    pump();
  }

  void add_after(const std::string& key, Duration delay) {
    if (delay <= Duration::zero()) return add(key);
    const Monotonic due = real_clock().monotonic() + delay;
    Lock lock(m);
    if (stopped) return;
    const auto it = delayed.find(key);
    if (it != delayed.end()) {
      if (it->second.first <= due) return;
      timers.cancel(it->second.second);
    }
    const Timers::Id id = timers.after(delay, [weak = weak_from_this(), key, due] {
      if (auto s = weak.lock()) s->come_due(key, due);
    });
    delayed[key] = {due, id};
  }

  void come_due(const std::string& key, Monotonic due) {
    {
      Lock lock(m);
      const auto it = delayed.find(key);
      if (it == delayed.end() || it->second.first != due) return;
      delayed.erase(it);
    }
    add(key);
  }

  void pump() {
    for (;;) {
      {
        Lock lock(m);
        if (!started || stopped || workers >= options.workers_max ||
            workers >= ready.size() + processing.size() || ready.empty())
          return;
        ++workers;
      }
      if (executor.post([self = shared_from_this()] { self->work(); })) continue;
      {
        Lock lock(m);
        --workers;
        idle.notify_all();
      }
      timers.after(std::chrono::milliseconds(100), [weak = weak_from_this()] {
        if (auto s = weak.lock()) s->pump();
      });
      return;
    }
  }

  void work() {
    for (;;) {
      std::string key;
      {
        Lock lock(m);
        if (stopped || ready.empty()) {
          --workers;
          idle.notify_all();
          return;
        }
        key = std::move(ready.front());
        ready.pop_front();
        dirty.erase(key);
        processing.insert(key);
      }
      const Outcome outcome = handler(key);
      Duration again{};
      {
        Lock lock(m);
        processing.erase(key);
        if (outcome.failed) {
          const int n = std::min(failures[key]++, 40);
          again = std::min(options.backoff_max, Duration(options.backoff_min.count() << std::min(n, 30)));
        } else {
          failures.erase(key);
          again = outcome.again_after;
        }
        if (dirty.contains(key)) ready.push_back(key);
      }
      if (again > Duration::zero()) add_after(key, again);
    }
  }
};

WorkQueue::WorkQueue(Options options, Executor& executor, Timers& timers, Handler handler)
    : state_(std::make_shared<State>(std::move(options), executor, timers, std::move(handler))) {}

void WorkQueue::add(const std::string& key) { state_->add(key); }
void WorkQueue::add_after(const std::string& key, Duration delay) { state_->add_after(key, delay); }

void WorkQueue::start() {
  {
    Lock lock(state_->m);
    state_->started = true;
  }
  state_->pump();
}

void WorkQueue::stop() {
  Lock lock(state_->m);
  state_->stopped = true;
  state_->ready.clear();
  while (state_->workers > 0) state_->idle.wait(state_->m);
}

size_t WorkQueue::depth() const {
  Lock lock(state_->m);
  return state_->ready.size();
}

}  // namespace mizzen::client
