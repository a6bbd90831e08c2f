#pragma once
#include <string>

#include "base/result.h"
#include "network/plan/node_plan.h"

namespace mizzen::network {

/// Role: what carries a plan out: a bridge with nftables (bridge/bridge_plane.h), a fake in tests, later a
/// switch. Threading: thread-safe. wire() and unwire() of different attachments may overlap, of one they do
/// not; reconcile() overlaps with neither. Failure: every call may be repeated. All of them block.
class DataPlane {
 public:
  virtual ~DataPlane() = default;

  /// The pod's interface, both ends, anew where there was one.
  virtual Result<void> wire(const NodeSettings& node, const PodAttachment& pod) = 0;
  /// Takes the pod's interface away; none is success.
  virtual Result<void> unwire(const PodAttachment& pod) = 0;
  /// What pods share of the node (bridge, forwarding), where it is missing: without it wire() fails.
  virtual Result<void> ensure_node(const NodeSettings& node) = 0;
  /// Brings what leads to pods (host ports) to what the plan says, in one transaction that touches only what
  /// differs.
  virtual Result<void> publish(const NodePlan& plan) = 0;

  /// Looks at what is there: true where it is not what the plan says.
  virtual Result<bool> differs(const NodePlan& plan) = 0;
  /// Mends what differs, and only that: links of pods that the plan does not know go. What it did, in words;
  /// empty where nothing had to be done.
  virtual Result<std::string> reconcile(const NodePlan& plan) = 0;
  /// NotFound or Conflict where what the plan says of this pod is not there.
  virtual Result<void> verify(const NodePlan& plan, const PodAttachment& pod) = 0;

  /// Takes everything off the machine that any plan for this node made. Requires: nothing else is called.
  virtual Result<void> remove(const NodePlan& plan) = 0;
};

}  // namespace mizzen::network
