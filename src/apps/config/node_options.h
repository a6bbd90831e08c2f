#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "kubelet/eviction/thresholds.h"

namespace mizzen::apps {

/// Settings of the node of `server` and `kubelet`.
struct NodeOptions {
  std::string data_dir = "/var/lib/mizzen";
  std::string root_dir;   ///< of pods and their logs; empty: below data_dir
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
  kubelet::EvictionFlags eviction;
  Duration eviction_pressure_transition = std::chrono::minutes(5);
  int eviction_max_pod_grace_s = 0;
  Duration volume_stats_every = std::chrono::minutes(1);
  std::string pod_manifest_path;  ///< a manifest, or a folder of them; empty: no static pods
  Duration file_check_frequency = std::chrono::seconds(20);
  std::string manifest_url;                       ///< of manifests; empty: none
  std::vector<std::string> manifest_url_headers;  ///< NAME:VALUE
  Duration http_check_frequency = std::chrono::seconds(20);
  std::string kubelet_address = "0.0.0.0";
  bool enable_server = true;
  bool enable_debugging_handlers = true;
  bool allow_privileged = true;
  bool early_probes = true;

  std::string name() const;
  std::string address() const;
  std::string containerd_folder() const { return data_dir + "/containerd"; }
  std::string kubelet_folder() const { return root_dir.empty() ? data_dir + "/kubelet" : root_dir; }
  std::string network_folder() const { return data_dir + "/network"; }
};

}  // namespace mizzen::apps
