#pragma once
#include <functional>
#include <memory>
#include <string>

#include "async/runtime.h"
#include "telemetry/metrics.h"

namespace mizzen::client {

/// What handling a key came to.
struct Outcome {
  bool failed = false;     ///< try again with back-off
  Duration again_after{};  ///< >0: look again after this, whatever happens
  static Outcome done() { return {}; }
  static Outcome retry() { return {true, {}}; }
  static Outcome later(Duration d) { return {false, d}; }
};

/// Role: the queue at the heart of every controller: keys wait once, one key is handled by one worker at a
/// time, many keys at once, failures come back with back-off. Level-triggered: a key added while it runs runs
/// again afterwards. Place: one per controller; informers add keys. Idle, it holds no thread: work is posted
/// to the executor. Threading: thread-safe. The handler runs on the executor and may block. Lifecycle:
/// start() once informers have synced (keys may be added before); stop() waits for running handlers.
/// Invariants: I1 a key never runs twice at the same time. I2 a key added is handled at least once after the
/// add. Bounds: one entry per distinct key; back-off from 5 ms doubling to 1000 s, as client-go.
class WorkQueue {
 public:
  struct Options {
    std::string name;
    size_t workers_max = 2;
    Duration backoff_min = std::chrono::milliseconds(5);
    Duration backoff_max = std::chrono::seconds(1000);
    Metrics* metrics = nullptr;  ///< null: nothing is counted
  };
  using Handler = std::function<Outcome(const std::string& key)>;
  WorkQueue(Options options, Runtime runtime, Handler handler);
  ~WorkQueue() { stop(); }

  void add(const std::string& key);
  void add_after(const std::string& key, Duration delay);
  void start();
  void stop();
  size_t depth() const;

 private:
  struct State;

  std::shared_ptr<State> state_;
};

}  // namespace mizzen::client
