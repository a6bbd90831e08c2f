#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "async/mutex.h"
#include "client/informer/informer.h"
#include "client/node/node_lease.h"
#include "client/queue/work_queue.h"
#include "hollow/node_pods.h"
#include "hollow/node_report.h"

namespace mizzen::hollow {

/// Role: one node without containers: registers itself, keeps its lease, takes its pods through their stages.
/// Place: of a Fleet, which calls beat() and look_after() when they are due. Kubernetes contract: what the
/// API sees of upstream's kubelet: watches of its pods and of its Node; one write of its lease every 10 s; a
/// status every 5 minutes and where the Node is not as it should be, after a look; statuses of pods, their
/// removal with grace 0 and their uid as precondition. Started again under the same name it goes on with the
/// pods that it finds. Threading: beat() by one thread at a time, look_after() for one key at a time, all
/// else any; calls block. Idle it holds no thread and no timer of its own.
class Node {
 public:
  /// Is told by nodes, which it outlives; they name themselves by their number. Thread-safe; calls are short.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// The node's beat() has something to do.
    virtual void beat_now(uint32_t node) = 0;
    /// Its look_after() has, for this pod.
    virtual void look(uint32_t node, const std::string& pod) = 0;
    /// It is registered and knows its pods; told once.
    virtual void settled(uint32_t node) = 0;
  };
  struct Deps {
    client::ApiClient& api;
    Runtime runtime;
    Listener& listener;
  };
  Node(Deps deps, uint32_t number, NodeShape shape, NodePods::Options pods, PodAddresses addresses);
  /// Requires that nobody calls beat() or look_after() any more.
  ~Node() { stop(); }
  Node(const Node&) = delete;

  /// Does what is due of registration, status and lease; when to come again.
  client::Outcome beat();
  client::Outcome look_after(const std::string& key);
  size_t pods() const { return pods_.size(); }
  /// Ends its watches. Nobody may call beat() any more.
  void stop();

 private:
  Result<void> sign_in();
  Result<void> report();
  void start_watches();
  void see_node(const NodeObject& node);
  void lose_node();

  const Deps deps_;
  const uint32_t number_;
  const NodeShape shape_;
  NodePods pods_;
  client::Informer pods_watch_;
  client::Informer node_watch_;

  // Of beat():
  client::NodeLease lease_;
  Monotonic renew_at_{};
  Monotonic report_at_{};
  int renewals_ = 0;
  int failures_ = 0;
  bool watching_ = false;

  Mutex m_;
  std::string uid_ MZ_GUARDED_BY(m_);            ///< of the Node; empty: it has to be registered
  bool seen_unready_ MZ_GUARDED_BY(m_) = false;  ///< somebody wrote that it is not ready
  bool told_settled_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::hollow
