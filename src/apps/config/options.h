#pragma once
#include <optional>
#include <string>
#include <vector>

#include "apps/config/node_options.h"
#include "auth/tokens/token_options.h"
#include "base/clock.h"
#include "client/leader/claim.h"
#include "controllers/framework/environment.h"

/// Settings of the roles; the keys of the configuration file are the flags' names.
namespace mizzen::apps {

/// What is logged, and how.
struct LogOptions {
  int verbosity = 0;
  std::string format = "text";
};

/// Of an API server.
struct ApiOptions {
  std::string data_dir = "/var/lib/mizzen";
  std::string store = "embedded";  ///< or etcd://host:port, or memory
  std::string etcd_ca_file, etcd_certificate_file, etcd_key_file;
  bool etcd_https = false;  ///< --etcd-servers names https
  std::string bind_address = "0.0.0.0";
  uint16_t secure_port = 6443;
  std::vector<std::string> tls_san;
  std::string service_cidr = "10.96.0.0/12";
  auth::TokenOptions tokens;
  std::string advertise_address;  ///< where others reach it; empty: bind_address, or the default route's

  /// Other servers may have the same store.
  bool shares_store() const { return store.starts_with("etcd://"); }
  /// The address that pods and nodes reach the API at; empty where it listens for this machine alone.
  std::string reachable_address() const;
  /// It listens on every address of this machine.
  bool listens_everywhere() const {
    return bind_address.empty() || bind_address == "0.0.0.0" || bind_address == "::";
  }
};

/// Of components of which one of several acts.
struct ElectionOptions {
  /// Stand for election before acting; empty: where somebody may share the API.
  std::optional<bool> leader_elect;
  client::ElectionTimes times;
};

/// Of controllers.
struct ControllerFlags {
  std::vector<std::string> controllers = {"*"};
  Duration node_monitor_grace_period = std::chrono::seconds(50);
  int32_t terminated_pod_gc_threshold = 12500;

  controllers::ControllerOptions options() const;
};

/// Of `mizzen server`.
struct ServerOptions {
  ApiOptions api;
  ControllerFlags controllers;
  ElectionOptions election;
  bool disable_node = false;
  NodeOptions node;  ///< data_dir is the server's
  LogOptions log;
};

/// Of `mizzen apiserver`.
struct ApiServerOptions {
  ApiOptions api;
  LogOptions log;
};

/// Of a component whose API server is elsewhere.
struct ComponentOptions {
  std::string kubeconfig;  ///< empty: what a pod finds
  double qps = 20;
  int burst = 30;
  std::string bind_address = "0.0.0.0";
  uint16_t secure_port = 0;  ///< of health and metrics; 0: neither is served
  std::string client_ca_file;
  ElectionOptions election;
  std::string lease;
  std::string lease_namespace = "kube-system";
  ControllerFlags controllers;  ///< of the controller manager
  std::string root_ca_file;     ///< likewise
  std::string token_key_file;   ///< likewise: signs tokens that stand in Secrets; empty: none are made
  LogOptions log;
};

/// Of `mizzen kubelet`.
struct AgentOptions {
  std::string kubeconfig;      ///< empty: there is no API, and manifests alone say what runs
  std::string client_ca_file;  ///< of callers with certificates; empty: they show tokens
  double qps = 50;
  int burst = 100;
  std::string api_servers, auth_path;  ///< instead of a kubeconfig
  bool run_once = false;               ///< run what manifests say, and end
  std::string etcd_servers;            ///< URL of an etcd whose key says which pods run here; empty: none
  std::string etcd_ca_file;
  NodeOptions node;
  LogOptions log;
};

}  // namespace mizzen::apps
