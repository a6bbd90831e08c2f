#include "controllers/nodes/lifecycle/zones.h"

#include <algorithm>
#include <map>

namespace mizzen::controllers::nodes {
namespace {

struct Count {
  size_t ready = 0, lost = 0;
  bool all_lost() const { return ready == 0 && lost > 0; }
  bool partly_lost() const {
    return lost > 2 && static_cast<double>(lost) / static_cast<double>(ready + lost) >= kUnhealthyShare;
  }
};

bool is_ready(const Node& node) {
  return std::any_of(node.status.conditions.begin(), node.status.conditions.end(),
                     [](const auto& c) { return c.type == "Ready" && c.status == "True"; });
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

std::vector<ZonePlan> plan_zones(const std::vector<std::shared_ptr<const Node>>& nodes) {
  std::map<std::string, Count> zones;
  for (const auto& node : nodes) {
    Count& count = zones[zone_of(*node)];
    (is_ready(*node) ? count.ready : count.lost)++;
  }
  const bool cluster_lost =
      std::all_of(zones.begin(), zones.end(), [](const auto& z) { return z.second.all_lost(); });
  std::vector<ZonePlan> out;
  for (const auto& [name, count] : zones) {
    ZonePlan plan{name, ZonePlan::Execute::Add, kTaintPeriod};
    if (cluster_lost) {
      plan.execute = ZonePlan::Execute::None;
    } else if (!count.all_lost() && count.partly_lost()) {
      if (nodes.size() > kLargeCluster)
        plan.period = kTaintPeriodSlow;
      else
        plan.execute = ZonePlan::Execute::Keep;
    }
    out.push_back(std::move(plan));
  }
  return out;
}

}  // namespace mizzen::controllers::nodes
