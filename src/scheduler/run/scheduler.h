#pragma once
#include <memory>

#include "async/runtime.h"
#include "client/api/api_client.h"
#include "telemetry/metrics.h"

namespace mizzen::scheduler {

/// Role: gives every pod that asks for the scheduler "default-scheduler" a node. Place: a component beside
/// the controllers; knows the cluster through the ApiClient alone. Kubernetes contract: kube-scheduler's
/// default profile, the filters and scores of plugins/. Truth: the API server's; the state here is a cache
/// plus pods whose binding is under way. Lifecycle: start() returns once nodes and pods are known; stop()
/// waits for what runs; idempotent; also in the destructor. Threading: start and stop from one thread. Idle
/// it holds no thread; one decision at a time, up to kWritesMax bindings and status writes beside it.
/// Failure: a binding that fails gives the room back and tries again with back-off; a node is never promised
/// twice.
class Scheduler {
 public:
  static constexpr const char* kName = "default-scheduler";
  static constexpr size_t kWritesMax = 16;
  struct Deps {
    client::ApiClient& api;
    Runtime runtime;
    Metrics* metrics = nullptr;  ///< null: nothing is counted
  };
  explicit Scheduler(Deps deps);
  ~Scheduler() { stop(); }
  Scheduler(const Scheduler&) = delete;

  Result<void> start(Deadline deadline);
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mizzen::scheduler
