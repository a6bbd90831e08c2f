#include "client/queue/work_queue.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

#include "async/mutex.h"
#include "base/check.h"

namespace mizzen::client {

namespace {

/// client-go's names and bounds, so that its dashboards fit.
struct QueueMetrics {
  QueueMetrics(Metrics& m, const std::string& name)
      : adds(m.counters("workqueue_adds_total", "Keys added to a queue.", {"name"}).with({name})),
        retries(m.counters("workqueue_retries_total", "Keys that came back after a failure.", {"name"})
                    .with({name})),
        waited(m.histograms("workqueue_queue_duration_seconds", "Time keys waited in a queue, in seconds.",
                            {"name"}, exponential_buckets(1e-8, 10, 10))
                   .with({name})),
        worked(m.histograms("workqueue_work_duration_seconds", "Time keys were worked on, in seconds.",
                            {"name"}, exponential_buckets(1e-8, 10, 10))
                   .with({name})) {}
  Counter& adds;
  Counter& retries;
  Histogram& waited;
  Histogram& worked;
};

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

struct WorkQueue::State : std::enable_shared_from_this<WorkQueue::State> {
  State(Options o, Runtime r, Handler h) : options(std::move(o)), runtime(r), handler(std::move(h)) {
    if (options.metrics) metrics.emplace(*options.metrics, options.name);
  }

  const Options options;
  const Runtime runtime;
  const Handler handler;
  std::optional<QueueMetrics> metrics;
  mutable Mutex m;
  CondVar idle;
  std::deque<std::string> ready MZ_GUARDED_BY(m);
  /// Waiting since when, in `ready` or to run again.
  std::map<std::string, Monotonic> dirty MZ_GUARDED_BY(m);
  std::map<std::string, Monotonic> processing MZ_GUARDED_BY(m);  ///< since when
  std::map<std::string, int> failures MZ_GUARDED_BY(m);
  size_t workers MZ_GUARDED_BY(m) = 0;
  /// Keys that come back later, each once: at the earliest time asked for.
  std::map<std::string, std::pair<Monotonic, Timers::Id>> delayed MZ_GUARDED_BY(m);
  bool started MZ_GUARDED_BY(m) = false;
  bool stopped MZ_GUARDED_BY(m) = false;

  double depth() const {
    Lock lock(m);
    return static_cast<double>(ready.size());
  }
  double unfinished() const {
    Lock lock(m);
    double sum = 0;
    for (const auto& [key, since] : processing) sum += seconds(runtime.clock.monotonic() - since);
    return sum;
  }
  double longest() const {
    Lock lock(m);
    double out = 0;
    for (const auto& [key, since] : processing)
      out = std::max(out, seconds(runtime.clock.monotonic() - since));
    return out;
  }

  void add(const std::string& key) {
    {
      Lock lock(m);
      if (!make_ready(key)) return;
    }
    pump();
  }

  void add_after(const std::string& key, Duration delay) {
    if (delay <= Duration::zero()) return add(key);
    const Monotonic due = runtime.clock.monotonic() + delay;
    Lock lock(m);
    if (stopped) return;
    const auto it = delayed.find(key);
    if (it != delayed.end()) {
      if (it->second.first <= due) return;
      runtime.timers.cancel(it->second.second);
    }
    const Timers::Id id = runtime.timers.after(delay, [weak = weak_from_this(), key, due] {
      if (auto s = weak.lock()) s->come_due(key, due);
    });
    delayed[key] = {due, id};
  }

  /// On the executor. Works on the key itself where a worker is wanted: nobody else has to be woken.
  void come_due(const std::string& key, Monotonic due) {
    {
      Lock lock(m);
      const auto it = delayed.find(key);
      if (it == delayed.end() || it->second.first != due) return;
      delayed.erase(it);
      if (!make_ready(key) || !wants_worker()) return;
      ++workers;
    }
    work();
  }

  /// False where the key waits already, or will run again when it is done.
  bool make_ready(const std::string& key) MZ_REQUIRES(m) {
    if (stopped || !dirty.emplace(key, runtime.clock.monotonic()).second) return false;
    if (metrics) metrics->adds.add();
    if (processing.contains(key)) return false;
    ready.push_back(key);
    return true;
  }

  bool wants_worker() const MZ_REQUIRES(m) {
    return started && !stopped && workers < options.workers_max &&
           workers < ready.size() + processing.size() && !ready.empty();
  }

  void pump() {
    for (;;) {
      {
        Lock lock(m);
        if (!wants_worker()) return;
        ++workers;
      }
      if (runtime.executor.post([self = shared_from_this()] { self->work(); })) continue;
      {
        Lock lock(m);
        MZ_CHECK(workers > 0, "{}: a worker that nobody counted", options.name);
        --workers;
        idle.notify_all();
      }
      runtime.timers.after(std::chrono::milliseconds(100), [weak = weak_from_this()] {
        if (auto s = weak.lock()) s->pump();
      });
      return;
    }
  }

  void work() {
    for (;;) {
      std::string key;
      Monotonic now{};
      {
        Lock lock(m);
        MZ_CHECK(workers > 0 && workers <= options.workers_max, "{}: {} workers", options.name, workers);
        if (stopped || ready.empty()) {
          --workers;
          idle.notify_all();
          return;
        }
        key = std::move(ready.front());
        ready.pop_front();
        const auto waiting = dirty.find(key);
        MZ_CHECK(waiting != dirty.end(), "{}: {} is ready, but nobody added it", options.name, key);
        now = runtime.clock.monotonic();
        if (metrics) metrics->waited.observe(seconds(now - waiting->second));
        dirty.erase(waiting);
        MZ_CHECK(processing.emplace(key, now).second, "{}: {} runs already", options.name, key);  // I1
      }
      const Outcome outcome = handler(key);
      if (metrics) {
        metrics->worked.observe(seconds(runtime.clock.monotonic() - now));
        if (outcome.failed) metrics->retries.add();
      }
      Duration again{};
      {
        Lock lock(m);
        MZ_CHECK(processing.erase(key) == 1, "{}: {} ended, but did not run", options.name, key);
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

WorkQueue::WorkQueue(Options options, Runtime runtime, Handler handler)
    : state_(std::make_shared<State>(std::move(options), runtime, std::move(handler))) {
  if (!state_->options.metrics) return;
  // Read at the scrape, so that nothing idle has to keep them up to date.
  const auto collect = [&](const char* name, const char* help, double (State::*read)() const) {
    state_->options.metrics->gauge_collector(
        name, help, {"name"}, [weak = std::weak_ptr(state_), read](std::vector<Metrics::Sample>& out) {
          if (const auto s = weak.lock()) out.push_back({{s->options.name}, (s.get()->*read)()});
        });
  };
  collect("workqueue_depth", "Keys that wait in a queue.", &State::depth);
  collect("workqueue_unfinished_work_seconds", "Time that keys being worked on have taken so far, together.",
          &State::unfinished);
  collect("workqueue_longest_running_processor_seconds",
          "Time of the key that is being worked on the longest.", &State::longest);
}

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
