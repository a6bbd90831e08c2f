#pragma once
#include <optional>

#include "api/schema/coordination/v1/lease.h"
#include "api/schema/core/v1/node.h"
#include "base/clock.h"
#include "controllers/framework/pods.h"
#include "controllers/nodes/lifecycle/zones.h"

/// Health of one node; pure.
namespace mizzen::controllers::nodes {

using api::coordination::v1::Lease;

/// Without a sign of life for this long a node's conditions are unknown (upstream's
/// --node-monitor-grace-period).
inline constexpr Duration kGracePeriod = std::chrono::seconds(50);

/// A node that is not well is looked at this often.
inline constexpr Duration kPeriod = std::chrono::seconds(5);

/// What a node's agent last showed of itself. Truth: derived; after a restart the first of each is news.
struct Signs {
  std::optional<codec::Time> heartbeat;  ///< of its condition Ready
  std::optional<codec::Time> renewed;    ///< of its lease

  /// Remembers it; true where it is news. Labels, taints, or what this controller writes are none: they would
  /// keep a dead node alive.
  bool see(const Node& node);
  bool see(const Lease& lease);
};

/// The node with its status as it should be; nothing where it is right. `quiet_for`: since its lease or
/// status moved; it may be quiet for `grace`.
std::optional<Node> judged_status(const Node& node, Duration quiet_for, WallTime now,
                                  Duration grace = kGracePeriod);
/// The node with its taints as its conditions ask; nothing where they are right. `execute`: what may be done
/// about NoExecute now; taints against scheduling follow the conditions at once.
std::optional<Node> judged_taints(const Node& node, WallTime now,
                                  ZonePlan::Execute execute = ZonePlan::Execute::Add);
/// How long until a node has to be looked at again to which nothing happens: kPeriod, but where all is well
/// only once it could have been quiet for too long. Of many healthy nodes few are looked at at any time.
Duration until_next_look(const Node& node, Duration quiet_for, Duration grace);
/// The pod as it is on a node that is not well: not ready; nothing where it is not ready already.
std::optional<Pod> judged_pod(const Pod& pod, WallTime now);
/// judged_taints() with Add would put a NoExecute taint that is not there.
bool wants_execute_taint(const Node& node);

}  // namespace mizzen::controllers::nodes
