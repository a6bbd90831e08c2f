#include "controllers/nodes/lifecycle/zones.h"

namespace mizzen::controllers::nodes {
namespace {

bool all_lost(const ZoneNodes& zone) { return zone.ready == 0 && zone.lost > 0; }
bool partly_lost(const ZoneNodes& zone) {
  return zone.lost > 2 &&
         static_cast<double>(zone.lost) / static_cast<double>(zone.ready + zone.lost) >= kUnhealthyShare;
}

std::string label(const Node& node, std::string_view name, std::string_view old_name) {
  const std::string* value = node.metadata.labels.find(name);
  if (!value) value = node.metadata.labels.find(old_name);
  return value ? *value : "";
}

}  // namespace

std::string zone_of(const Node& node) {
  return label(node, "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region") + ":" +
         label(node, "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone");
}

std::vector<ZonePlan> plan_zones(const std::map<std::string, ZoneNodes>& zones) {
  size_t nodes = 0;
  bool cluster_lost = true;
  for (const auto& [name, zone] : zones) {
    nodes += zone.ready + zone.lost;
    cluster_lost = cluster_lost && all_lost(zone);
  }
  std::vector<ZonePlan> out;
  for (const auto& [name, zone] : zones) {
    ZonePlan plan{name, ZonePlan::Execute::Add, kTaintPeriod};
    if (cluster_lost) {
      plan.execute = ZonePlan::Execute::None;
    } else if (!all_lost(zone) && partly_lost(zone)) {
      if (nodes > kLargeCluster)
        plan.period = kTaintPeriodSlow;
      else
        plan.execute = ZonePlan::Execute::Keep;
    }
    out.push_back(std::move(plan));
  }
  return out;
}

}  // namespace mizzen::controllers::nodes
