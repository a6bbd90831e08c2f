#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/schema/core/v1/node_selector_requirement.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// What to say of a label of nodes that is on its way out; empty where it is not.
std::string_view deprecated_label(std::string_view key);
/// Warnings of such labels in what a selector asks for.
std::vector<std::string> deprecated_labels(const core::v1::NodeSelector& selector, const machinery::Path& at);

}  // namespace mizzen::api
