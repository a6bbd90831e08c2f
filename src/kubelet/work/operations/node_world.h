#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "async/alarms.h"
#include "async/executor.h"
#include "async/gate.h"
#include "async/stop.h"
#include "base/random.h"
#include "kubelet/config/environment.h"
#include "kubelet/config/name_resolution.h"
#include "kubelet/config/pod_objects.h"
#include "kubelet/decide/backoff.h"
#include "kubelet/images/image_puller.h"
#include "kubelet/probes/probes.h"
#include "kubelet/runtime/runtime_cache.h"
#include "kubelet/state/events.h"
#include "kubelet/state/node_abilities.h"
#include "kubelet/status/status_manager.h"
#include "linux/groups/cgroups.h"
#include "volumes/volumes.h"

namespace mizzen::kubelet {

/// How pods are run on this node.
struct PodOptions {
  std::string logs_folder;  ///< of pods
  std::string seccomp_folder;
  std::string cgroup_root = "/kubepods";
  ClusterDns dns;
  std::string resolv_conf = "/etc/resolv.conf";
  int64_t node_memory_bytes = 0;
  bool relaxed_environment_names = true;  ///< upstream's gate RelaxedEnvironmentVariableValidation
  Backoff::Options restart_backoff;
  size_t pods_max = 110;
  int64_t pids_max = 0;  ///< processes of one pod; 0: no limit
  /// A pod is looked at that often, stretched by up to a half, so that not all pods come together, and to
  /// the next beat of ten seconds, so that not each wakes the agent.
  Duration resync = std::chrono::seconds(60);
  Duration retry = std::chrono::seconds(10);         ///< of what failed
  Duration retry_soon = std::chrono::seconds(1);     ///< of what failed because the runtime was away
  Duration retry_network = std::chrono::seconds(1);  ///< while the network is not ready
  std::string runtime_name = "containerd";
};

/// Role: what the work of all pods of a node shares. Made by the kubelet; outlives every PodWork and its
/// operations (`gate` sees to it). Threading: each member is thread-safe.
struct NodeWorld {
  cri::Runtime& runtime;
  RuntimeCache& cache;
  ImagePuller& puller;
  HandlerRunner& handlers;
  ProbeManager& probes;
  StatusManager& statuses;
  Events& events;
  volumes::Volumes& volumes;
  PodObjects& objects;
  const linux::Cgroups* cgroups;  ///< null: control groups are left to the runtime
  Executor& executor;             ///< where pods' turns run
  Executor& disk;                 ///< where calls may block as long as a disk does
  Alarms& alarms;
  const Clock& clock;
  Random& random;
  std::function<Result<Services>(const std::string& namespace_)> services;
  std::function<std::vector<std::string>()> host_ips;  ///< of the node, as they are now
  std::function<volumes::Allocatable()> allocatable;
  /// This node as the API has it; null while it is not known.
  std::function<std::shared_ptr<const api::core::v1::Node>()> node;
  std::function<std::string()> network_problem;  ///< empty: the network is ready
  std::function<NodeAbilities()> abilities;
  /// A pod is about to get its control group: those above it are brought up to date. May be empty.
  std::function<void()> update_groups;
  /// Every source of pods was heard, but those that cannot be read.
  std::function<bool()> sources_ready;
  /// The runtime said what it can do.
  std::function<bool()> runtime_ready;
  /// A pod that its source had taken back begins anew, and what was known of its status is forgotten. May be
  /// empty.
  std::function<void(const std::shared_ptr<const Pod>&)> returned;
  PodOptions options;

  Backoff restarts{clock, options.restart_backoff};
  std::atomic<bool> missing_dns_told = false;  ///< to the node, once
  Gate gate;                                   ///< of everything under way for pods
  StopSource stopping;  ///< the agent ends; and with it calls that belong to no operation

  /// `d` and up to a half more.
  Duration spread(Duration d) {
    return d + Duration(static_cast<int64_t>(static_cast<double>(d.count()) * 0.5 * random.unit()));
  }
};

}  // namespace mizzen::kubelet
