#pragma once
#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"

/// Which nodes a pod may go to, by their labels and names; pure.
namespace mizzen::placement {

using api::core::v1::Node;

/// Where the pod asks for no affinity to nodes: null.
const api::core::v1::NodeAffinity* node_affinity(const api::core::v1::PodSpec& spec);
bool matches(const api::core::v1::NodeSelectorRequirement& requirement, const std::string* value);
/// An empty term matches nothing.
bool matches(const api::core::v1::NodeSelectorTerm& term, const Node& node);
/// One of the selector's terms holds for the node.
bool selects(const api::core::v1::NodeSelector& selector, const Node& node);
/// The pod's nodeSelector and required affinity hold for the node.
bool wants_node(const api::core::v1::PodSpec& spec, const Node& node);

}  // namespace mizzen::placement
