#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/api/api_client.h"
#include "http/loop/loop.h"
#include "pki/authority.h"

namespace mizzen::apps {

/// Settings of the node part of `server`, `agent` and `kubelet`.
struct NodeOptions {
  std::string data_dir = "/var/lib/mizzen";
  std::string node_name;  ///< empty: the machine's host name in lower case
  std::string node_ip;    ///< empty: the address of the default route, else 127.0.0.1
  int kubelet_port = 10250;
  std::string pod_cidr = "10.42.0.0/24";
  std::string cluster_cidr = "10.42.0.0/16";
  std::string bridge = "mizzen0";
  std::string nft_table = "mizzen";
  std::string cgroup_root = "/kubepods";
  std::vector<std::string> cluster_dns;
  std::string cluster_domain = "cluster.local";
  std::string container_runtime_endpoint;  ///< empty: a containerd of our own
  std::string registry_hosts;              ///< folder of hosts.toml files for our containerd
  std::string sandbox_image;               ///< of pods; empty: the pause program that is part of this one
  std::vector<std::string> feature_gates;  ///< NAME=true|false
  std::string container_log_max_size = "10Mi";
  int container_log_max_files = 5;
  int max_pods = 110;

  std::string name() const;
  std::string address() const;
  std::string containerd_folder() const { return data_dir + "/containerd"; }
  std::string kubelet_folder() const { return data_dir + "/kubelet"; }
  std::string network_folder() const { return data_dir + "/network"; }
};

/// Role: everything that makes this machine a node: containerd of our own, the pod network's plug-in, the
/// kubelet. Lifecycle: start() → stop(), which leaves the pods running; down() takes all of it off the
/// machine. Threading: from one thread. Failure: start() returns the first thing that is missing, in one
/// line.
class NodeRole {
 public:
  struct Deps {
    client::ApiClient& api;  ///< as system:node:NAME
    http::Loops& loops;
    const pki::Authority&
        authority;  ///< issues the node's serving certificate and tells callers from strangers
  };
  NodeRole(Deps deps, NodeOptions options);
  ~NodeRole();
  Result<void> start(Deadline deadline);
  void stop();
  bool ready() const;
  int port() const;

  /// Removes pods, containerd, links, rules, mounts, groups and folders of a node. Idempotent; goes on after
  /// a failure.
  static Result<void> down(const NodeOptions& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mizzen::apps
