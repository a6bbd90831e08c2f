#include <algorithm>
#include <charconv>

#include "scheduler/plugins/plugin.h"

namespace mizzen::scheduler {
namespace {

using api::core::v1::NodeAffinity;
using api::core::v1::NodeSelectorRequirement;
using api::core::v1::NodeSelectorTerm;

std::optional<int64_t> number(const std::string& text) {
  int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool matches(const NodeSelectorRequirement& r, const std::string* value) {
  const auto listed = [&] { return std::find(r.values.begin(), r.values.end(), *value) != r.values.end(); };
  if (r.operator_ == "In") return value && listed();
  if (r.operator_ == "NotIn") return !value || !listed();
  if (r.operator_ == "Exists") return value;
  if (r.operator_ == "DoesNotExist") return !value;
  if (!value || r.values.size() != 1) return false;
  const auto left = number(*value);
  const auto right = number(r.values[0]);
  if (!left || !right) return false;
  if (r.operator_ == "Gt") return *left > *right;
  return r.operator_ == "Lt" && *left < *right;
}

bool matches(const NodeSelectorTerm& term, const Node& node) {
  if (term.matchExpressions.empty() && term.matchFields.empty()) return false;
  for (const auto& r : term.matchExpressions)
    if (!matches(r, node.metadata.labels.find(r.key))) return false;
  for (const auto& r : term.matchFields)
    if (r.key != "metadata.name" || !matches(r, &node.metadata.name)) return false;
  return true;
}

const NodeAffinity* affinity_of(const PodInfo& pod) {
  const auto& affinity = pod.pod->spec.affinity;
  return affinity ? affinity->nodeAffinity.get() : nullptr;
}

}  // namespace

bool selects(const api::core::v1::NodeSelector& selector, const Node& node) {
  const auto& terms = selector.nodeSelectorTerms;
  return std::any_of(terms.begin(), terms.end(),
                     [&](const NodeSelectorTerm& term) { return matches(term, node); });
}

/// Pods whose every term names nodes (those of daemon sets) look at these nodes alone.
std::optional<Rejection> check_pinned(const PodInfo& pod, const NodeState& node) {
  const NodeAffinity* affinity = affinity_of(pod);
  if (!affinity || !affinity->requiredDuringSchedulingIgnoredDuringExecution) return std::nullopt;
  const auto& terms = affinity->requiredDuringSchedulingIgnoredDuringExecution->nodeSelectorTerms;
  if (terms.empty()) return std::nullopt;
  bool named = false;
  for (const NodeSelectorTerm& term : terms) {
    bool pinned = false;
    bool here = true;
    for (const auto& r : term.matchFields) {
      if (r.key != "metadata.name" || r.operator_ != "In") continue;
      pinned = true;
      here = here && matches(r, &node.name);
    }
    if (!pinned) return std::nullopt;
    named = named || here;
  }
  if (named) return std::nullopt;
  return Rejection{{"node(s) didn't satisfy plugin(s) [NodeAffinity]"}};
}

std::optional<Rejection> check_affinity(const PodInfo& pod, const NodeState& node) {
  const Rejection rejection{{"node(s) didn't match Pod's node affinity/selector"}};
  for (const auto& [key, value] : pod.pod->spec.nodeSelector) {
    const std::string* present = node.node->metadata.labels.find(key);
    if (!present || *present != value) return rejection;
  }
  const NodeAffinity* affinity = affinity_of(pod);
  if (!affinity || !affinity->requiredDuringSchedulingIgnoredDuringExecution) return std::nullopt;
  const bool any = selects(*affinity->requiredDuringSchedulingIgnoredDuringExecution, *node.node);
  return any ? std::nullopt : std::optional(rejection);
}

int64_t score_affinity(const PodInfo& pod, const NodeState& node, const ClusterState&) {
  int64_t sum = 0;
  if (const NodeAffinity* affinity = affinity_of(pod))
    for (const auto& preferred : affinity->preferredDuringSchedulingIgnoredDuringExecution)
      if (matches(preferred.preference, *node.node)) sum += preferred.weight;
  return sum;
}

}  // namespace mizzen::scheduler
