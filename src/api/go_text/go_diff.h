#pragma once
#include <string>
#include <string_view>

namespace mizzen::api {

/// What differs between two objects, given as compact JSON, as upstream's error texts show it: a unified diff
/// of their indented JSON, with three lines around each change and no names of files. Costs: quadratic in the
/// lines that occur often.
std::string go_diff(std::string_view before, std::string_view after);

}  // namespace mizzen::api
