#pragma once
#include <optional>

#include "api/schema/coordination/v1/lease.h"
#include "api/schema/core/v1/node.h"
#include "base/clock.h"

/// Health of one node; pure.
namespace mizzen::controllers::nodes {

using api::coordination::v1::Lease;
using api::core::v1::Node;

/// Without a sign of life for this long a node's conditions are unknown (upstream's
/// --node-monitor-grace-period).
inline constexpr Duration kGracePeriod = std::chrono::seconds(50);

/// The node with its status as it should be; nothing where it is right. `quiet_for`: since its lease or
/// status moved.
std::optional<Node> judged_status(const Node& node, Duration quiet_for, WallTime now);
/// The node with its taints as its conditions ask; nothing where they are right.
std::optional<Node> judged_taints(const Node& node, WallTime now);

}  // namespace mizzen::controllers::nodes
