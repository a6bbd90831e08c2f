#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/net/ipv4.h"
#include "client/queue/work_queue.h"
#include "hollow/node.h"

namespace mizzen::hollow {

/// Which nodes, and what they are like.
struct FleetOptions {
  std::string name = "hollow-node-";  ///< what their names begin with; their number follows
  uint32_t first = 0;
  uint32_t count = 1;
  NodeShape shape;         ///< name and address aside
  Ipv4Range node_network;  ///< a node has the address of its number, its pods those of a block of their own
  Ipv4Range pod_network;
  Duration stage_min = std::chrono::milliseconds(200);
  Duration stage_max = std::chrono::seconds(3);  ///< the stages of a pod take a time between these
  uint32_t starting_max = 64;  ///< so many nodes at most register and list their pods at the same time
  size_t calls_max = 64;       ///< so many calls at most for leases and statuses of nodes, and for pods, each

  /// What is wrong with them, in words; empty where nothing is.
  std::string fault() const;
};

/// Role: many nodes without containers over one client. Place: stands in for as many kubelets, in the
/// simulation and in measurements of what a cluster costs its server. Life cycle: start() once; stop() waits
/// for what runs; idempotent; also in the destructor. Started again it goes on with what it finds. Threading:
/// start and stop from one thread. A node has no thread: what is due waits in two queues, one for nodes and
/// one for pods, whose workers come from the executor, which should have threads for twice calls_max.
/// Failure: what cannot be written is tried again with back-off, for as long as it runs, no more often than
/// healthy nodes ask (pauses.h). Bounds: starting_max, calls_max; a node keeps less than 8 KiB beside its
/// watches.
class Fleet final : private Node::Listener {
 public:
  struct Deps {
    client::ApiClient& api;
    Runtime runtime;
  };
  /// Requires options without fault().
  Fleet(Deps deps, FleetOptions options);
  ~Fleet() override { stop(); }
  Fleet(const Fleet&) = delete;

  void start();
  void stop();

  /// Nodes that are registered and know their pods.
  uint32_t settled() const { return settled_; }
  /// Pods of all nodes; walks over all nodes.
  size_t pods() const;

 private:
  void beat_now(uint32_t node) override;
  void look(uint32_t node, const std::string& pod) override;
  void settled(uint32_t node) override;
  void begin_next();

  const FleetOptions options_;
  std::vector<std::unique_ptr<Node>> nodes_;
  client::WorkQueue beats_;  ///< keys: numbers of nodes
  client::WorkQueue looks_;  ///< keys: "number/namespace/name"
  std::atomic<uint32_t> begun_ = 0;
  std::atomic<uint32_t> settled_ = 0;
  bool started_ = false;
};

}  // namespace mizzen::hollow
