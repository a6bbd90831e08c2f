#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/executor.h"
#include "cri/runtime.h"
#include "http/client/client.h"
#include "http/server/server.h"
#include "kubelet/access/node_auth.h"
#include "kubelet/server/node_identity.h"
#include "kubelet/stats/stats_manager.h"
#include "kubelet/work/pod_workers.h"

namespace mizzen::kubelet {

/// Role: the node's HTTPS server: logs, exec, attach, port-forward, the list of pods, what they use,
/// health. Closed to strangers: NodeAuth says who a caller is and what they may. Kubernetes contract: paths
/// and answers of upstream's kubelet server, as the API server calls them. Threading: thread-safe. Requests
/// run on its own workers, which may block; followed logs hold one each. A certificate that is renewed is
/// shown to new connections; others live on. Failure: unknown pods and containers are 404 with upstream's
/// texts. Bounds: Options::workers_max requests at once, others wait; kFollowersMax followed logs.
class NodeServer {
 public:
  struct Options {
    std::string address;
    uint16_t port = 0;
    std::string node_name;
    std::string data_folder;
    size_t workers_max = 128;
    bool debugging =
        true;  ///< false: logs, exec, attach, port-forward, run, runningpods and pushes are refused
  };
  struct Deps {
    http::Loops& loops;
    cri::Runtime& runtime;
    PodWorkers& workers;
    const RuntimeCache& cache;
    const Clock& clock;
    NodeIdentity& identity;
    NodeAuth& auth;
    StatsManager* stats = nullptr;  ///< null: nothing is said of what is used
    /// Takes a pushed manifest; null: there is nobody for it.
    std::function<Result<void>(std::string_view)> push = nullptr;
  };
  NodeServer(Deps deps, Options options);
  ~NodeServer();
  Result<void> start();
  void stop();
  uint16_t port() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mizzen::kubelet
