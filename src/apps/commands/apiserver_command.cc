#include "apiserver/loopback/loopback.h"
#include "apps/commands/commands.h"
#include "apps/host/heap_trimmer.h"
#include "apps/host/preflight.h"
#include "apps/host/process.h"
#include "apps/host/work_runtime.h"
#include "apps/roles/api_role.h"
#include "apps/roles/controllers_role.h"
#include "telemetry/log.h"

namespace mizzen::apps {
namespace {

/// What an API server keeps by itself: the Service `kubernetes`, which leads to it. Of several servers on one
/// store, the one that leads says where it is.
ControllersRole::Options own_controllers(const ApiServerOptions& options, controllers::ApiAddress address) {
  ControllersRole::Options out;
  out.controllers.controllers = {"kubernetes-service-controller"};
  out.controllers.api = std::move(address);
  if (options.api.shares_store()) {
    client::Elector::Options& election = out.election.emplace();
    election.lease = "mizzen-apiserver";
    election.identity = election_identity();
  }
  return out;
}

}  // namespace

Result<void> run_apiserver(const ApiServerOptions& options) {
  Process process;
  const HeapTrimmer trimmer;
  MZ_TRY(preflight(options.api));
  ApiRole api(options.api);
  const auto soon = [] { return Deadline::after(kStartTimeout, real_clock()); };
  MZ_TRY(api.start("", soon()));
  WorkRuntime work("controller", 4);
  apiserver::Loopback loopback = api.server().loopback({"system:apiserver", {"system:masters"}});
  ControllersRole own({loopback, api.server().core().resources(), work.runtime(), api.metrics()},
                      own_controllers(options, api.address()));
  MZ_TRY(own.start(soon()));
  log::info("server", "stopping", {log::kv("signal", process.wait())});
  own.stop();
  work.stop();
  api.stop(Deadline::after(kDrainTimeout, real_clock()));
  return {};
}

}  // namespace mizzen::apps
