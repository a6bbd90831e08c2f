#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "apiserver/loopback/loopback.h"
#include "apiserver/server.h"
#include "async/runtime.h"
#include "client/leader/led.h"
#include "controllers/framework/environment.h"
#include "scheduler/run/scheduler.h"

namespace mizzen::apps {

/// Role: controllers and scheduler of an all-in-one server, over the loopback, each under its own name; where
/// several servers share a store, those of one act and the others wait (upstream's leases
/// kube-controller-manager and kube-scheduler). Lifecycle: start() waits until the informers have synced,
/// unless it stands for election; stop() is idempotent and also in the destructor. Threading: start and stop
/// from one thread.
class ControlPlane {
 public:
  struct Options {
    controllers::ControllerOptions controllers;
    std::optional<client::ElectionTimes> election;  ///< empty: nobody shares the store
  };
  ControlPlane(apiserver::ApiServer& server, Metrics& metrics, Options options);
  ~ControlPlane() { stop(); }
  Result<void> start(Deadline deadline);
  void stop();

 private:
  std::optional<client::Elector::Options> election(const char* lease) const;
  client::Led::Work controlling();
  client::Led::Work scheduling();

  apiserver::ApiServer& server_;
  Metrics& metrics_;
  const Options options_;
  ThreadPool executor_;
  Timers timers_;
  const Runtime runtime_;
  apiserver::Loopback api_;
  apiserver::Loopback scheduler_api_;
  std::unique_ptr<controllers::Environment> environment_;
  std::vector<std::unique_ptr<controllers::Controller>> controllers_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  client::Led controlled_;
  client::Led scheduled_;
};

}  // namespace mizzen::apps
