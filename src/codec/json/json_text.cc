#include "codec/json/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/utf8.h"

namespace mizzen::codec {
namespace {
constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> t{};
  for (size_t c = 0x20; c < 0x7f; ++c) t[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
  t[0x7f] = true;
  return t;
}
constexpr std::array<bool, 256> kPlain = make_plain();
constexpr std::string_view kHex = "0123456789abcdef";

void append_unicode_escape(std::string& out, uint32_t v) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[v >> shift & 15];
}
/// True where one of these eight bytes may need more than being copied; some that do not are among them.
bool any_special(const char* at) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  uint64_t x = 0;
  std::memcpy(&x, at, sizeof x);
  const auto below = [x](uint64_t n) { return (x - kOnes * n) & ~x & kHighs; };
  const auto equals = [x](uint64_t c) {
    const uint64_t y = x ^ (kOnes * c);
    return (y - kOnes) & ~y & kHighs;
  };
  return (x & kHighs) | below(0x20) | equals('"') | equals('\\') | equals('<') | equals('>') | equals('&');
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  size_t from = 0, i = 0;
  const auto flush = [&] { out.append(text.substr(from, i - from)); };
  while (i < text.size()) {
    while (text.size() - i >= 8 && !any_special(text.data() + i)) i += 8;
    if (i == text.size()) break;
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (kPlain[c]) {
      ++i;
      continue;
    }
    if (c >= 0x80) {
      const size_t n = utf8_length(text.substr(i));
      const bool separator = n == 3 && c == 0xe2 && static_cast<uint8_t>(text[i + 1]) == 0x80 &&
                             (static_cast<uint8_t>(text[i + 2]) | 1) == 0xa9;
      if (n != 0 && !separator) {
        i += n;
        continue;
      }
      flush();
      if (separator) {
        append_unicode_escape(out, static_cast<uint8_t>(text[i + 2]) == 0xa8 ? 0x2028 : 0x2029);
        i += 3;
      } else {
        out += "\\ufffd";
        ++i;
      }
      from = i;
      continue;
    }
    flush();
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        append_unicode_escape(out, c);
    }
    from = ++i;
  }
  flush();
  out += '"';
}

void append_json_int(std::string& out, int64_t value) {
  char buffer[24];
  const auto r = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, static_cast<size_t>(r.ptr - buffer));
}

void append_json_double(std::string& out, double value) {
  if (!std::isfinite(value)) {  // JSON has no such number; Go refuses to encode it
    out += "null";
    return;
  }
  char buffer[64];
  const double magnitude = std::fabs(value);
  if (magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)) {
    auto r = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
    std::string s(buffer, r.ptr);
    const size_t e = s.find('e');  // e-09 becomes e-9
    if (e != std::string::npos && e + 2 < s.size() && s[e + 2] == '0' && s.size() == e + 4) s.erase(e + 2, 1);
    out += s;
    return;
  }
  const auto r = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  out.append(buffer, static_cast<size_t>(r.ptr - buffer));
}

}  // namespace mizzen::codec
