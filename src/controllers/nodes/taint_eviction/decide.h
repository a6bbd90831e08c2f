#pragma once
#include <optional>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"
#include "base/clock.h"

/// When a pod has to leave its tainted node; pure.
namespace mizzen::controllers::taint_eviction {

using api::core::v1::Node;
using api::core::v1::Pod;

/// The taints of a node that drive pods away.
std::vector<api::core::v1::Taint> execute_taints(const Node& node);

/// When the pod has to go; nothing where it may stay for ever, or is going already. Counted from when the
/// taints it bears for a time were put there (or it was bound, if later), so that a restart of this process
/// does not start the time anew; from `now` where neither is known.
std::optional<WallTime> leaves_at(const Pod& pod, const Node& node, WallTime now);

}  // namespace mizzen::controllers::taint_eviction
