#pragma once
#include "base/result.h"
#include "network/bridge/state/bridge_state.h"

namespace mizzen::network {

/// What the kernel has, in the network namespace of the calling thread.
Result<BridgeState> read_state(const NodeSettings& node);
/// The node's table alone; nothing where there is none.
Result<std::optional<NftTable>> read_table(const NodeSettings& node);

/// Carries changes out: all that nftables has to do in one transaction. The first thing that fails is told
/// at the end; what does not hang on it is done all the same.
Result<void> apply(const NodePlan& plan, const Changes& changes);
/// The bridge with its address, up, and forwarding. Idempotent.
Result<void> make_bridge(const NodeSettings& node);

/// Takes all of it away: the ports of the bridge, the plan's links (whose bridge somebody may have taken
/// away), the bridge, the table.
Result<void> remove_state(const NodePlan& plan);

}  // namespace mizzen::network
