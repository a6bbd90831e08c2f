#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text_out.h"

namespace mizzen::codec {

/// Appends `text` as a JSON string, escaped as Go's encoder does (also < > & and U+2028/9; invalid UTF-8 as
/// U+FFFD).
void append_json_string(std::string& out, std::string_view text);
void append_json_string(TextOut& out, std::string_view text);
/// As Go prints a float64 in JSON: shortest form, exponent below 1e-6 and from 1e21.
void append_json_double(std::string& out, double value);
void append_json_int(std::string& out, int64_t value);
void append_json_int(TextOut& out, int64_t value);

}  // namespace mizzen::codec
