#pragma once
#include <optional>

#include "apiserver/loopback/loopback.h"
#include "apiserver/server.h"
#include "apps/host/work_runtime.h"
#include "apps/roles/controllers_role.h"
#include "apps/roles/scheduler_role.h"

namespace mizzen::apps {

/// Role: controllers and scheduler of an all-in-one server, over the loopback, each under its own name; where
/// several servers share a store, those of one act and the others wait (upstream's leases
/// kube-controller-manager and kube-scheduler). Lifecycle and threading: as the roles'.
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
  WorkRuntime work_;
  apiserver::Loopback api_;
  apiserver::Loopback scheduler_api_;
  ControllersRole controllers_;
  SchedulerRole scheduler_;
};

}  // namespace mizzen::apps
