#include "codec/json/json_scalars.h"

namespace mizzen::codec {
namespace {

bool is_digit_of_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}
bool is_line_break(char c) { return c == '\n' || c == '\r'; }

}  // namespace

size_t base64_error(std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
  const auto pass_breaks = [&](size_t at) {
    while (at < text.size() && is_line_break(text[at])) ++at;
    return at;
  };
  size_t at = 0;
  for (size_t digits = 0;; digits %= 4) {
    if (at >= text.size()) return digits == 0 ? kNone : at - digits;
    const char c = text[at++];
    if (is_digit_of_base64(c)) {
      ++digits;
      continue;
    }
    if (is_line_break(c)) continue;
    if (c != '=' || digits < 2) return at - 1;
    at = pass_breaks(at);
    if (digits == 2) {
      if (at >= text.size()) return text.size();
      if (text[at] != '=') return at - 1;
      at = pass_breaks(at + 1);
    }
    return at < text.size() ? at : kNone;
  }
}

}  // namespace mizzen::codec
