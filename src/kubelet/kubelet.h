#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/executor.h"
#include "base/random.h"
#include "client/api/api_client.h"
#include "cri/runtime.h"
#include "cri/runtime_events.h"
#include "http/loop/loop.h"
#include "kubelet/access/node_auth.h"
#include "kubelet/config/name_resolution.h"
#include "kubelet/eviction/thresholds.h"
#include "kubelet/server/node_identity.h"
#include "kubelet/sources/document_pods.h"
#include "kubelet/stats/gauges.h"
#include "linux/files/system_info.h"

namespace mizzen::kubelet {

/// How a node's agent is set up.
struct KubeletOptions {
  std::string node_name;
  std::string hostname;                ///< empty: the machine's
  std::string data_folder;             ///< pods, logs: everything of the kubelet lives below it
  std::vector<std::string> addresses;  ///< of the node; the first is told to everybody
  /// Asked for each report of the node: the addresses as they are now; empty: they stay. Does not block.
  /// None: they never change.
  std::function<std::vector<std::string>()> look_up_addresses;
  std::string listen_address = "0.0.0.0";
  int port = 10250;  ///< 0: any free one; -1: no server (and none without loops)
  ClusterDns dns;
  std::string resolv_conf = "/etc/resolv.conf";
  std::string cgroup_root = "/kubepods";
  bool manage_cgroups = true;
  std::string static_pod_path;                           ///< a manifest, or a folder of them; empty: none
  Duration file_check_every = std::chrono::seconds(20);  ///< beside what the kernel tells of changes
  std::string static_pod_url;                            ///< of manifests; empty: none
  std::vector<std::pair<std::string, std::string>> static_pod_url_headers;
  Duration http_check_every = std::chrono::seconds(20);
  bool allow_privileged = true;
  bool early_probes = true;        ///< ProbeManager::Deps::early_looks
  bool debugging_handlers = true;  ///< its server has logs, exec, attach, port-forward and run
  bool standalone = false;  ///< there is no API: what sources on this node say runs, and nobody is told
  int pods_max = 110;
  int64_t pod_pids_max = -1;              ///< processes of one pod; -1: no limit
  bool relaxed_environment_names = true;  ///< false: envFrom leaves out keys that shells cannot read
  int64_t log_bytes_max = 10 << 20;       ///< a container's log is rotated at this size ...
  int log_files_max = 5;                  ///< ... and this many files of it are kept
  EvictionConfig eviction;  ///< nothing is evicted but what is over limits of its own, without thresholds
  Duration volume_stats_every = std::chrono::minutes(1);  ///< how often it is looked at what pods store
  std::string version = "v1.36.2";
  std::optional<linux::SystemInfo> machine = {};  ///< none: what this machine says of itself
  bool watches_machine = true;                    ///< what of it is used, for conditions and statistics
  bool memory_volumes = true;                     ///< volumes::Volumes::Options::memory
  bool shares_mounts = true;  ///< mounts of containers (Bidirectional) reach others: needs root
  codec::Map<std::string> node_labels;
};

/// Role: the agent of a node: runs the pods that the API binds to it and tells the API how they and the node
/// are. Place: made by apps for the roles server, agent and kubelet. Lifecycle: start() → stop(), which
/// leaves the pods running; a new start() finds them again. Threading: start and stop from one thread.
/// Failure: start() fails only where nothing can work at all (folders, listening address); an API or runtime
/// that is away is waited for.
class Kubelet {
 public:
  struct Deps {
    client::ApiClient& api;
    cri::Runtime& runtime;
    http::Loops* loops;  ///< null: it makes and takes no connections (probes over the network cannot tell)
    const Clock& clock;
    Random& random;
    cri::RuntimeEvents* runtime_events = nullptr;  ///< null: what runs is seen by looking alone
    NodeIdentity* identity = nullptr;              ///< what its server shows; null: it has none
    NodeAuth* auth = nullptr;                      ///< who may call it; null: it has none
    Gauges* gauges = nullptr;                      ///< null: this machine's, if it is watched
  };
  /// `feeds`: further texts that say which pods run here; they outlive it.
  Kubelet(Deps deps, KubeletOptions options, std::vector<ManifestFeed*> feeds = {});
  ~Kubelet();

  Result<void> start();
  void stop();
  /// The port that was bound; 0 without a server.
  int port() const;
  /// True once the node was reported ready.
  bool ready() const;

  /// How far the pods of this node's own sources are.
  struct OwnPods {
    bool heard = false;                ///< every source has told all it has
    size_t running = 0;                ///< all containers run, or have done what they were to do
    std::vector<std::string> waiting;  ///< not yet
    std::vector<std::string> failed;   ///< for good
  };
  OwnPods own_pods() const;

  /// Stops and removes every pod the runtime has, and the kubelet's folder: for `down`. Needs no API.
  static Result<void> down(cri::Runtime& runtime, const Clock& clock, const std::string& data_folder,
                           const std::string& cgroup_root);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mizzen::kubelet
