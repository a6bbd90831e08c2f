#pragma once
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mizzen {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
/// Equal but for ASCII case: header names, schemes.
bool iequals(std::string_view a, std::string_view b);
/// As Go's %q prints it: double quotes, escapes, non-printing bytes as \x or \u.
std::string quote(std::string_view text);
std::string base64_encode(std::string_view bytes);
/// Standard alphabet with padding; line breaks are skipped, as Go's decoder does. Nothing where malformed.
std::optional<std::string> base64_decode(std::string_view text);
/// URL-safe alphabet without padding (JWT, continue tokens).
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);
/// True where the bytes are valid UTF-8 (no surrogates, no overlong forms).
bool valid_utf8(std::string_view text);

/// The whole of `text` as a decimal integer that fits T; nothing otherwise.
template <typename T>
std::optional<T> parse_int(std::string_view text) {
  T out{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return out;
}

}  // namespace mizzen
