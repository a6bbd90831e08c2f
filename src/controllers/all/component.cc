#include "controllers/framework/environment.h"
#include "controllers/nodes/lifecycle/controller.h"
#include "controllers/nodes/taint_eviction/controller.h"
#include "controllers/objects/accounts/controller.h"
#include "controllers/objects/garbage/controller.h"
#include "controllers/objects/namespaces/controller.h"
#include "controllers/pods/gc/controller.h"
#include "controllers/services/endpoints/controller.h"
#include "controllers/services/kubernetes/controller.h"
#include "controllers/workloads/deployment/controller.h"
#include "controllers/workloads/replica/controller.h"

namespace mizzen::controllers {

std::vector<std::unique_ptr<Controller>> make_controllers(Environment& env, const std::string& root_ca_pem,
                                                          const ControllerOptions& options) {
  std::vector<std::unique_ptr<Controller>> out;
  out.push_back(accounts::make_account_controller(env, root_ca_pem));
  if (!options.api.ip.empty())
    out.push_back(kubernetes_service::make_kubernetes_service_controller(env, options.api));
  out.push_back(namespaces::make_namespace_controller(env));
  out.push_back(garbage::make_garbage_collector(env));
  out.push_back(nodes::make_node_lifecycle_controller(env, {options.node_monitor_grace_period}));
  out.push_back(taint_eviction::make_taint_eviction_controller(env));
  out.push_back(pod_gc::make_pod_garbage_collector(env, options.terminated_pod_gc_threshold));
  out.push_back(endpoints::make_endpoints_controller(env));
  out.push_back(replica::make_replica_set_controller(env));
  out.push_back(replica::make_replication_controller(env));
  out.push_back(deployment::make_deployment_controller(env));
  return out;
}

}  // namespace mizzen::controllers
