#pragma once
#include <memory>
#include <optional>

#include "async/runtime.h"
#include "client/leader/led.h"
#include "scheduler/run/scheduler.h"

namespace mizzen::apps {

/// Role: the scheduler, wherever its API server is. Everything else as ControllersRole.
class SchedulerRole {
 public:
  struct Deps {
    client::ApiClient& api;
    Runtime runtime;
    Metrics& metrics;
  };
  SchedulerRole(Deps deps, std::optional<client::Elector::Options> election);
  ~SchedulerRole() { stop(); }
  Result<void> start(Deadline deadline) { return led_.start(deadline); }
  void stop() { led_.stop(); }

 private:
  client::Led::Work work();

  const Deps deps_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  client::Led led_;
};

}  // namespace mizzen::apps
