#pragma once
#include "api/schema/core/v1/node_selector_requirement.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// One way a node may be selected. `values_too`: values have to be such as labels may have.
void check_node_term(const core::v1::NodeSelectorTerm& term, bool values_too, const machinery::Path& at,
                     machinery::FieldErrors& errors);
/// `at` is the path of the selector.
void check_node_selector(const core::v1::NodeSelector& selector, const machinery::Path& at,
                         machinery::FieldErrors& errors);

}  // namespace mizzen::api
