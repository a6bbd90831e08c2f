#pragma once
#include "base/result.h"
#include "linux/net/net_links.h"
#include "network/plan/node_plan.h"

namespace mizzen::network {

/// A pair of interfaces with addresses and default route in the pod, its other end a port of the bridge. One
/// that is there is made anew.
Result<void> make_pod_link(linux::NetLinks& net, const NodeSettings& node, const PodAttachment& pod);
/// Makes the node's end a port of the bridge, and brings it up.
Result<void> join_bridge(linux::NetLinks& net, const NodeSettings& node, const std::string& host_interface);
/// NotFound or Conflict where one end of it is not as make_pod_link() left it.
Result<void> check_pod_link(linux::NetLinks& net, const NodeSettings& node, const PodAttachment& pod);

}  // namespace mizzen::network
