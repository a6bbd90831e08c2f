#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "base/clock.h"

/// Whether a zone's silence is its nodes' fault or ours; pure. Where whole zones fall silent at once it is
/// likely the network between, and taking their pods away would turn a cut into an outage.
namespace mizzen::controllers::nodes {

using api::core::v1::Node;

/// From how many nodes on a partly lost zone is still emptied, slowly (upstream's
/// --large-cluster-size-threshold).
inline constexpr size_t kLargeCluster = 50;
/// The share of unready nodes from which a zone counts as partly lost (--unhealthy-zone-threshold).
inline constexpr double kUnhealthyShare = 0.55;
/// Nodes per zone that begin to lose their pods: one in ten seconds, one in a hundred where partly lost.
inline constexpr Duration kTaintPeriod = std::chrono::seconds(10);
inline constexpr Duration kTaintPeriodSlow = std::chrono::seconds(100);

/// What may be done about NoExecute taints of one zone's nodes.
struct ZonePlan {
  enum class Execute : uint8_t {
    Add,   ///< nodes that are not ready get them, one each `period`
    Keep,  ///< none is added
    None,  ///< those that are there go
  };
  std::string zone;
  Execute execute = Execute::Add;
  Duration period = kTaintPeriod;
  bool operator==(const ZonePlan&) const = default;
};

/// How many nodes of a zone are ready, and how many are not.
struct ZoneNodes {
  size_t ready = 0, lost = 0;
};

/// "region:zone" from the node's labels; ":" where it has none.
std::string zone_of(const Node& node);
/// One plan for each zone there is, in order of name. Where every node of the cluster is lost: None for all.
std::vector<ZonePlan> plan_zones(const std::map<std::string, ZoneNodes>& zones);

}  // namespace mizzen::controllers::nodes
