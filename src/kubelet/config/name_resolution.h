#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// What a resolv.conf says.
struct ResolvConf {
  std::vector<std::string> servers;
  std::vector<std::string> searches;
  std::vector<std::string> options;
};
/// Pure: reads a resolv.conf; the last search line wins, "." is left out.
ResolvConf parse_resolv_conf(std::string_view text);

/// How the cluster resolves names.
struct ClusterDns {
  std::vector<std::string> servers;
  std::string domain = "cluster.local";
};

/// A pod's resolv.conf, and what was cut from it, as the messages of DNSConfigForming and MissingClusterDNS
/// events.
struct PodDns {
  ResolvConf conf;
  std::vector<std::string> forming_problems;
  bool missing_cluster_dns = false;
};
/// Pure: by the pod's dnsPolicy and dnsConfig. At most 3 servers, 32 searches, 2048 characters of searches.
PodDns pod_dns(const Pod& pod, const ClusterDns& cluster, const ResolvConf& host);

/// Pure: the /etc/hosts of a pod. `host_file` is the node's, for pods on its network.
std::string hosts_file(const Pod& pod, const std::vector<std::string>& ips, const std::string& cluster_domain,
                       std::string_view host_file);

}  // namespace mizzen::kubelet
