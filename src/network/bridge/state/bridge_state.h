#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "network/bridge/state/nft_table.h"
#include "network/plan/node_plan.h"

namespace mizzen::network {

/// The node's bridge as it is.
struct BridgeLink {
  bool up = false;
  std::string mac;
  std::vector<std::string> addresses;  ///< 10.42.0.1/24
};
/// The node's end of a pod's cable as it is.
struct PortLink {
  bool up = false;
  bool on_bridge = false;
};

/// What of a plan is in the kernel, as far as it is compared.
struct BridgeState {
  bool forwarding = false;
  std::optional<NftTable> table;
  std::optional<BridgeLink> bridge;
  std::map<std::string, PortLink> ports;  ///< links whose name is that of a pod's cable
};

/// What has to be done so that the kernel is as a plan says.
struct Changes {
  bool forwarding = false;
  bool bridge = false;                 ///< it, its address, its MAC, that it is up
  std::string rules;                   ///< commands of one transaction
  std::vector<std::string> to_join;    ///< links that are to be ports of the bridge, and up
  std::vector<AttachmentKey> to_wire;  ///< pods whose cable is gone
  std::vector<std::string> to_remove;  ///< ports of the bridge that no attachment has
  bool empty() const;
  /// For the log: "rules, 3 ports".
  std::string text() const;
};

/// Pure: the table that a plan asks for. Shared rules and what leads to pods; pods themselves appear in maps
/// only, so that a pod costs elements and no rule.
NftTable desired_table(const NodePlan& plan);
/// Pure.
Changes diff(const NodePlan& desired, const BridgeState& actual);

}  // namespace mizzen::network
