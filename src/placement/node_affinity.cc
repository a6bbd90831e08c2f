#include "placement/node_affinity.h"

#include <algorithm>
#include <charconv>

namespace mizzen::placement {
namespace {

std::optional<int64_t> number(const std::string& text) {
  int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

using api::core::v1::NodeSelectorRequirement;
using api::core::v1::NodeSelectorTerm;

const api::core::v1::NodeAffinity* node_affinity(const api::core::v1::PodSpec& spec) {
  return spec.affinity ? spec.affinity->nodeAffinity.get() : nullptr;
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

bool selects(const api::core::v1::NodeSelector& selector, const Node& node) {
  const auto& terms = selector.nodeSelectorTerms;
  return std::any_of(terms.begin(), terms.end(),
                     [&](const NodeSelectorTerm& term) { return matches(term, node); });
}

bool wants_node(const api::core::v1::PodSpec& spec, const Node& node) {
  for (const auto& [key, value] : spec.nodeSelector) {
    const std::string* present = node.metadata.labels.find(key);
    if (!present || *present != value) return false;
  }
  const auto* affinity = node_affinity(spec);
  return !affinity || !affinity->requiredDuringSchedulingIgnoredDuringExecution ||
         selects(*affinity->requiredDuringSchedulingIgnoredDuringExecution, node);
}

}  // namespace mizzen::placement
