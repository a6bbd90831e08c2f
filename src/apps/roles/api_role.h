#pragma once
#include <memory>

#include "api/registry/catalog.h"
#include "apiserver/server.h"
#include "apps/config/options.h"
#include "apps/host/work_runtime.h"
#include "controllers/framework/environment.h"
#include "http/loop/loop.h"
#include "store/contract/store.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace mizzen::apps {

/// Role: an API server on its store, with the event loops that all of the process shares. Lifecycle: start()
/// opens the store, makes keys and listens; stop() drains; idempotent, also in the destructor. Threading:
/// start and stop from one thread.
class ApiRole {
 public:
  explicit ApiRole(ApiOptions options);
  ~ApiRole();
  /// `local_node`: the node that runs in this process; empty where none does.
  Result<void> start(const std::string& local_node, Deadline deadline);
  void stop(Deadline deadline);

  apiserver::ApiServer& server() { return *server_; }
  http::Loops& loops() { return loops_; }
  Metrics& metrics() { return metrics_; }
  /// Where others reach the API; nothing in it where nobody can.
  controllers::ApiAddress address() const;

 private:
  const ApiOptions options_;
  std::unique_ptr<store::Store> store_;
  http::Loops loops_;
  api::ResourceCatalog resources_;
  Metrics metrics_;
  Health health_;
  WorkRuntime work_{"certificates", 1};
  std::unique_ptr<apiserver::ApiServer> server_;
};

}  // namespace mizzen::apps
