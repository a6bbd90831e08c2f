#include "apiserver/loopback/loopback.h"
#include "apps/commands/commands.h"
#include "apps/host/heap_trimmer.h"
#include "apps/host/preflight.h"
#include "apps/host/process.h"
#include "apps/host/work_runtime.h"
#include "apps/roles/api_role.h"
#include "apps/roles/control_plane.h"
#include "apps/roles/issued_identity.h"
#include "apps/roles/node_role.h"
#include "kubelet/access/known_callers.h"
#include "telemetry/log.h"

namespace mizzen::apps {
namespace {

/// A node in the process of its API server, whose authority says who it is and who may call it.
class OwnNode {
 public:
  OwnNode(ApiRole& api, const NodeOptions& options)
      : options_(options),
        api_(api.server().loopback({"system:node:" + options.name(), {"system:nodes"}})),
        identity_(api.server().authority(), work_.runtime()),
        auth_({.client_ca_pem = api.server().authority().certificate_pem()}),
        node_({api_, api.loops(), identity_, auth_}, options) {}
  Result<void> start(Deadline deadline) {
    MZ_TRY(identity_.open(options_));
    return node_.start(deadline);
  }
  void stop() {
    node_.stop();
    identity_.stop();
  }

 private:
  const NodeOptions& options_;
  apiserver::Loopback api_;
  WorkRuntime work_{"node", 1};
  IssuedIdentity identity_;
  kubelet::KnownCallers auth_;
  NodeRole node_;
};

/// The node's address is this machine's, for the API too.
ApiOptions api_options(const ServerOptions& options) {
  ApiOptions out = options.api;
  if (out.advertise_address.empty() && out.listens_everywhere()) out.advertise_address = options.node.node_ip;
  return out;
}

ControlPlane::Options plane_options(const ServerOptions& options, controllers::ApiAddress address) {
  ControlPlane::Options out;
  out.controllers = options.controllers.options();
  out.controllers.api = std::move(address);
  // A store in this process is nobody else's: there an election would only cost writes.
  if (options.election.leader_elect.value_or(options.api.shares_store()))
    out.election = options.election.times;
  return out;
}

}  // namespace

Result<void> run_server(const ServerOptions& options) {
  Process process;
  const HeapTrimmer trimmer;
  MZ_TRY(preflight(options));
  ApiRole api(api_options(options));
  const auto soon = [] { return Deadline::after(kStartTimeout, real_clock()); };
  MZ_TRY(api.start(options.disable_node ? "" : options.node.name(), soon()));
  ControlPlane control(api.server(), api.metrics(), plane_options(options, api.address()));
  MZ_TRY(control.start(soon()));
  std::unique_ptr<OwnNode> node;
  if (!options.disable_node) {
    node = std::make_unique<OwnNode>(api, options.node);
    if (auto r = node->start(soon()); !r.ok()) {
      control.stop();
      api.stop(Deadline::after(kDrainTimeout, real_clock()));
      return r;
    }
  }
  log::info("server", "stopping", {log::kv("signal", process.wait())});
  if (node) node->stop();
  control.stop();
  api.stop(Deadline::after(kDrainTimeout, real_clock()));
  return {};
}

Result<void> run_down(const NodeOptions& node) { return NodeRole::down(node); }

}  // namespace mizzen::apps
