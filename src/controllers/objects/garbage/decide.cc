#include "controllers/objects/garbage/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace mizzen::controllers::garbage {

Plan decide(const Situation& s) {
  std::vector<std::string> dangling, waiting;
  bool solid = false, unknown = false, unreachable = false;
  for (const OwnerFinding& owner : s.owners) {
    solid |= owner.state == OwnerState::Solid;
    unknown |= owner.state == OwnerState::Unserved;
    unreachable |= owner.state == OwnerState::Unreachable;
    if (owner.state == OwnerState::Dangling) dangling.push_back(owner.uid);
    if (owner.state == OwnerState::Waiting) waiting.push_back(owner.uid);
  }
  Plan plan;
  if (s.owners.empty() || unknown) return plan;
  if (unreachable) {
    plan.action = Plan::Action::TryLater;
    return plan;
  }
  if (solid) {
    plan.drop = std::move(dangling);
    plan.drop.insert(plan.drop.end(), waiting.begin(), waiting.end());
    if (!plan.drop.empty()) plan.action = Plan::Action::DropOwners;
    return plan;
  }
  plan.action = Plan::Action::Delete;
  if (!waiting.empty() && s.has_dependents) {
    plan.propagation = "Foreground";
    // A dependent that waits itself may be waiting for its own owner: the circle is cut here.
    plan.unblock_owners = s.dependents_wait;
    return plan;
  }
  const auto has = [&](const char* finalizer) {
    return std::find(s.finalizers.begin(), s.finalizers.end(), finalizer) != s.finalizers.end();
  };
  plan.propagation = has("orphan") ? "Orphan" : has("foregroundDeletion") ? "Foreground" : "Background";
  return plan;
}

std::vector<meta::v1::OwnerReference> misplaced_owners(const Graph& graph, const Node& node) {
  std::vector<meta::v1::OwnerReference> out;
  if (node.namespace_.empty()) return out;
  for (const auto& owner : node.owners) {
    const Node* known = graph.find(owner.uid);
    if (known && known->resource && known->resource->namespaced && known->namespace_ != node.namespace_)
      out.push_back(owner);
  }
  return out;
}

std::string misplaced_owner_message(const meta::v1::OwnerReference& owner, const std::string& ns) {
  return fmt::format("ownerRef [{}/{}, namespace: {}, name: {}, uid: {}] does not exist in namespace {}",
                     owner.apiVersion, owner.kind, ns, owner.name, owner.uid, quote(ns));
}

}  // namespace mizzen::controllers::garbage
