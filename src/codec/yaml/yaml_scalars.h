#pragma once
#include <string>
#include <string_view>

namespace mizzen::codec {

/// A plain scalar of YAML 1.1 as JSON: null, true, a number, or a string. Infinities and NaN, which JSON
/// lacks, are told by without_json().
std::string resolve_yaml(std::string_view scalar);
/// What Go calls a plain scalar that has no JSON: +Inf, -Inf, NaN; empty for every other.
std::string_view without_json(std::string_view scalar);

}  // namespace mizzen::codec
