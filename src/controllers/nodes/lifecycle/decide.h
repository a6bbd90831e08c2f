#pragma once
#include <optional>

#include "api/schema/coordination/v1/lease.h"
#include "api/schema/core/v1/node.h"
#include "base/clock.h"
#include "controllers/nodes/lifecycle/zones.h"

/// Health of one node; pure.
namespace mizzen::controllers::nodes {

using api::coordination::v1::Lease;

/// Without a sign of life for this long a node's conditions are unknown (upstream's
/// --node-monitor-grace-period).
inline constexpr Duration kGracePeriod = std::chrono::seconds(50);

/// The node with its status as it should be; nothing where it is right. `quiet_for`: since its lease or
/// status moved; it may be quiet for `grace`.
std::optional<Node> judged_status(const Node& node, Duration quiet_for, WallTime now,
                                  Duration grace = kGracePeriod);
/// The node with its taints as its conditions ask; nothing where they are right. `execute`: what may be done
/// about NoExecute now; taints against scheduling follow the conditions at once.
std::optional<Node> judged_taints(const Node& node, WallTime now,
                                  ZonePlan::Execute execute = ZonePlan::Execute::Add);
/// judged_taints() with Add would put a NoExecute taint that is not there.
bool wants_execute_taint(const Node& node);

}  // namespace mizzen::controllers::nodes
