#pragma once
#include <cstddef>
#include <string_view>

namespace mizzen {

/// The bytes of the UTF-8 character that the text begins with, 1 to 4; 0 where it begins with none: empty,
/// cut, overlong, a surrogate, or beyond U+10FFFF.
size_t utf8_length(std::string_view text);

}  // namespace mizzen
