#pragma once
#include <memory>
#include <vector>

#include "apiserver/loopback/loopback.h"
#include "apiserver/server.h"
#include "async/runtime.h"
#include "controllers/framework/environment.h"
#include "scheduler/run/scheduler.h"

namespace mizzen::apps {

/// Role: controllers and scheduler of an all-in-one server, over the loopback, each under its own name.
/// Lifecycle: start() waits until the informers have synced; stop() is idempotent and also in the destructor.
/// Threading: start and stop from one thread.
class ControlPlane {
 public:
  ControlPlane(apiserver::ApiServer& server, Metrics& metrics, controllers::ControllerOptions options);
  ~ControlPlane() { stop(); }
  Result<void> start(Deadline deadline);
  void stop();

 private:
  apiserver::ApiServer& server_;
  Metrics& metrics_;
  const controllers::ControllerOptions options_;
  ThreadPool executor_;
  Timers timers_;
  const Runtime runtime_;
  apiserver::Loopback api_;
  apiserver::Loopback scheduler_api_;
  std::unique_ptr<controllers::Environment> environment_;
  std::vector<std::unique_ptr<controllers::Controller>> controllers_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
};

}  // namespace mizzen::apps
