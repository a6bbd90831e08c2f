#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/runtime.h"
#include "client/leader/led.h"
#include "controllers/framework/environment.h"

namespace mizzen::apps {

/// Role: the controllers, wherever their API server is; where several processes share the API, those of one
/// act and the others wait. Lifecycle: start() waits until the informers have synced, unless it stands for
/// election; stop() is idempotent and also in the destructor. Threading: start and stop from one thread.
class ControllersRole {
 public:
  struct Deps {
    client::ApiClient& api;
    api::ResourceCatalog& resources;  ///< what the API serves
    Runtime runtime;
    Metrics& metrics;
  };
  struct Options {
    controllers::ControllerOptions controllers;
    controllers::ClusterKeys keys;
    std::optional<client::Elector::Options> election;  ///< empty: nobody shares the API
  };
  ControllersRole(Deps deps, Options options);
  ~ControllersRole() { stop(); }
  Result<void> start(Deadline deadline) { return led_.start(deadline); }
  void stop() { led_.stop(); }

 private:
  client::Led::Work work();

  const Deps deps_;
  const Options options_;
  std::unique_ptr<controllers::Environment> environment_;
  std::vector<std::unique_ptr<controllers::Controller>> controllers_;
  client::Led led_;
};

}  // namespace mizzen::apps
