#pragma once
#include <string>
#include <string_view>

namespace mizzen::codec {

/// Compact JSON with one member or item a line, each level `width` spaces further in, as Go's json.Indent
/// writes it. Empty objects and lists stay on their line. `json` has to be valid and without spaces between
/// its parts. Pure; linear.
std::string indent_json(std::string_view json, size_t width = 2);

}  // namespace mizzen::codec
