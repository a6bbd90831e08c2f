#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/mutex.h"
#include "async/stop.h"
#include "async/thread.h"
#include "client/api/api_client.h"
#include "client/node/node_lease.h"
#include "kubelet/node/node_status.h"
#include "kubelet/state/events.h"

namespace mizzen::kubelet {

/// Role: the node's own object: registers it, keeps its status true and its lease fresh.
/// Kubernetes contract: lease renewed every 10 s for 40 s; status written when something but heartbeat times
/// changed, else every 5 minutes. Threading: one thread of its own; allocatable() thread-safe. Failure: an
/// API that is away is tried again after 0.1 s doubling to 7 s, and told once a minute; a Node that somebody
/// deleted is registered anew; nothing else waits for it.
class NodeManager {
 public:
  struct Deps {
    client::ApiClient& api;
    Events& events;
    const Clock& clock;
    std::function<NodeFacts()> facts;
  };
  explicit NodeManager(Deps deps) : deps_(std::move(deps)) {}
  ~NodeManager() { stop(); }
  void start();
  void stop();
  /// What the node can give to pods, as last reported.
  codec::Map<codec::Quantity> allocatable() const;

 private:
  void run();
  Result<void> register_node();
  Result<void> report_status();
  void tell_changes(const Node& before, const Node& after);
  void tell_trouble(std::string_view what, const Error& error);

  Deps deps_;
  std::string uid_;
  std::optional<client::NodeLease> lease_;  ///< once the node is registered
  std::optional<Monotonic> reported_;
  bool first_report_ = true;
  bool told_ready_ = false;  ///< what was last reported, or found to be so
  std::string told_;         ///< the last trouble, and when it was told
  Monotonic told_at_{};
  Guarded<codec::Map<codec::Quantity>> allocatable_;
  StopSource stop_;
  Thread thread_;
};

}  // namespace mizzen::kubelet
