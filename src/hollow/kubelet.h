#pragma once
#include <map>
#include <memory>
#include <string>

#include "async/mutex.h"
#include "async/runtime.h"
#include "client/api/api_client.h"
#include "client/informer/informer.h"
#include "client/node/node_lease.h"
#include "client/queue/work_queue.h"
#include "hollow/node_report.h"
#include "hollow/pod_life.h"

namespace mizzen::hollow {

/// Role: one node without containers: registers itself, keeps its lease, takes its pods through their stages.
/// Place: stands in for a kubelet; knows the cluster through the ApiClient alone. Kubernetes contract: what
/// the API sees of a kubelet: lease every 10 s, a node status every 5 minutes and on a change,
/// statuses of pods, their removal with grace 0 and their uid as precondition. Lifecycle: start() once;
/// stop() waits for what runs; idempotent; also in the destructor. Started again under the same name it goes
/// on with the pods that it finds. Threading: start and stop from one thread; idle it holds no thread.
/// Failure: what cannot be written is tried again with back-off for as long as it runs.
class Kubelet {
 public:
  struct Deps {
    client::ApiClient& api;
    Runtime runtime;
  };
  struct Options {
    NodeShape shape;
    std::string pod_network = "10.200.0";  ///< its pods' addresses, without the last byte
    Duration stage_min = std::chrono::milliseconds(200);
    Duration stage_max = std::chrono::seconds(3);  ///< the stages of a pod take a time between these
  };
  Kubelet(Deps deps, Options options);
  ~Kubelet() { stop(); }
  Kubelet(const Kubelet&) = delete;

  void start();
  void stop();

 private:
  struct Life {
    Stages stages;
    Progress progress;
  };

  client::Outcome handle(const std::string& key);
  client::Outcome beat();
  client::Outcome look_after(const std::string& key);
  Life& life_of(const Pod& pod) MZ_REQUIRES(m_);
  Duration some_time();
  std::string free_address() MZ_REQUIRES(m_);

  const Deps deps_;
  const Options options_;
  client::Informer pods_;
  client::WorkQueue queue_;
  Mutex m_;
  std::map<std::string, Life> lives_ MZ_GUARDED_BY(m_);  ///< by uid
  client::NodeLease lease_;                              ///< of the handler for the node's key
  std::optional<Monotonic> reported_;                    ///< likewise: when the status was written last
  bool started_ = false;
};

}  // namespace mizzen::hollow
