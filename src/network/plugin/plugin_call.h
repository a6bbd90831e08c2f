#pragma once
#include "network/protocol/cni_call.h"

namespace mizzen::network {

/// Answers a call as the plug-in: passes it to the node's network over the socket that the configuration
/// names, and gives its answer. Where that does not answer: 11 (try again later) with what stood in the way;
/// STATUS says 50; DEL succeeds where no network namespace stands at the path any more (an interface goes
/// with its namespace, and the network takes back the rest when it starts), else it is to be tried again.
/// VERSION needs nobody. Blocks for a minute at most.
CniAnswer plugin_call(const CniCall& call);

/// Answers a call as the plug-in `loopback`, which only brings `lo` up. ADD leaves the process in the pod's
/// network namespace: for a process that ends then.
CniAnswer loopback_call(const CniCall& call);

}  // namespace mizzen::network
