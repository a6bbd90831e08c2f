#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/check.h"
#include "controllers/framework/environment.h"
#include "controllers/nodes/lifecycle/controller.h"
#include "controllers/nodes/taint_eviction/controller.h"
#include "controllers/objects/account_tokens/controller.h"
#include "controllers/objects/accounts/controller.h"
#include "controllers/objects/garbage/controller.h"
#include "controllers/objects/namespaces/controller.h"
#include "controllers/pods/gc/controller.h"
#include "controllers/services/endpoints/controller.h"
#include "controllers/services/kubernetes/controller.h"
#include "controllers/workloads/deployment/controller.h"
#include "controllers/workloads/replica/controller.h"

namespace mizzen::controllers {
namespace {

struct Deps {
  Environment& env;
  const ClusterKeys& keys;
  const ControllerOptions& options;
};

struct Row {
  std::string_view name;
  std::unique_ptr<Controller> (*make)(const Deps& d);
};

/// In order of start.
constexpr Row kRows[] = {
    {"serviceaccount-controller",
     [](const Deps& d) { return accounts::make_account_controller(d.env, d.keys.root_ca_pem); }},
    {"serviceaccount-token-controller",
     [](const Deps& d) { return account_tokens::make_account_token_controller(d.env, d.keys); }},
    {"kubernetes-service-controller",
     [](const Deps& d) {
       return kubernetes_service::make_kubernetes_service_controller(d.env, d.options.api);
     }},
    {"namespace-controller", [](const Deps& d) { return namespaces::make_namespace_controller(d.env); }},
    {"garbage-collector-controller", [](const Deps& d) { return garbage::make_garbage_collector(d.env); }},
    {"node-lifecycle-controller",
     [](const Deps& d) {
       return nodes::make_node_lifecycle_controller(d.env, {d.options.node_monitor_grace_period});
     }},
    {"taint-eviction-controller",
     [](const Deps& d) { return taint_eviction::make_taint_eviction_controller(d.env); }},
    {"pod-garbage-collector-controller",
     [](const Deps& d) {
       return pod_gc::make_pod_garbage_collector(d.env, d.options.terminated_pod_gc_threshold);
     }},
    {"endpoints-controller", [](const Deps& d) { return endpoints::make_endpoints_controller(d.env); }},
    {"replicaset-controller", [](const Deps& d) { return replica::make_replica_set_controller(d.env); }},
    {"replicationcontroller-controller",
     [](const Deps& d) { return replica::make_replication_controller(d.env); }},
    {"deployment-controller", [](const Deps& d) { return deployment::make_deployment_controller(d.env); }},
};

bool is_enabled(std::string_view name, const std::vector<std::string>& controllers) {
  bool all = false;
  for (const std::string& word : controllers) {
    if (word == name) return true;
    if (word.starts_with('-') && std::string_view(word).substr(1) == name) return false;
    all = all || word == "*";
  }
  return all;
}

}  // namespace

std::string controllers_fault(const std::vector<std::string>& controllers) {
  for (const std::string& word : controllers) {
    const std::string_view name = std::string_view(word).substr(word.starts_with('-') ? 1 : 0);
    if (word == "*" ||
        std::any_of(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.name == name; }))
      continue;
    return fmt::format("\"{}\" is not in the list of known controllers", name);
  }
  return "";
}

std::vector<std::unique_ptr<Controller>> make_controllers(Environment& env, const ClusterKeys& keys,
                                                          const ControllerOptions& options) {
  std::vector<std::unique_ptr<Controller>> out;
  for (const Row& row : kRows) {
    if (!is_enabled(row.name, options.controllers)) continue;
    // Where the API's address is not known there is nothing to say of it.
    if (row.name == "kubernetes-service-controller" && options.api.ip.empty()) continue;
    if (row.name == "serviceaccount-token-controller" && !keys.sign_token) continue;
    out.push_back(row.make({env, keys, options}));
    MZ_CHECK(out.back()->name() == row.name, "{} calls itself {}", row.name, out.back()->name());
  }
  return out;
}

}  // namespace mizzen::controllers
