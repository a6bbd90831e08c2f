#pragma once
#include <cstddef>
#include <string_view>

namespace mizzen::codec {

/// Where Go's base64 decoder finds fault with a text (standard alphabet, padding, line breaks passed over);
/// npos where it does not.
size_t base64_error(std::string_view text);

}  // namespace mizzen::codec
