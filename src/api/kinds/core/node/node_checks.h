#pragma once
#include "api/schema/core/v1/node.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Upstream's rules on nodes: taints, amounts in the status, ranges of addresses.
void check_node(const core::v1::Node& node, machinery::FieldErrors& errors);
/// What may change: ranges and provider only from nothing to something.
void check_node_update(const core::v1::Node& node, const core::v1::Node& old, machinery::FieldErrors& errors);

}  // namespace mizzen::api
