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

template <typename Out>
void append_unicode_escape(Out& out, uint32_t v) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[v >> shift & 15];
}

/// Sixteen bytes that are compared at once: a vector of the compiler, which most processors have instructions
/// for. Signed, so that bytes of UTF-8's longer characters are below all others.
using Bytes = int8_t __attribute__((vector_size(16)));
using Halves = uint64_t __attribute__((vector_size(16)));

/// Not zero where one of these bytes needs more than being copied.
Bytes special_of(Bytes x) {
  static_assert(('<' | 2) == '>' && ('>' | 2) == '>');
  return (x < 0x20) | (x == '"') | (x == '\\') | ((x | 2) == '>') | (x == '&');
}
Bytes load(const char* at) {
  Bytes x;
  std::memcpy(&x, at, sizeof x);
  return x;
}
bool any(Bytes x) {
  const Halves halves = reinterpret_cast<Halves>(x);
  return (halves[0] | halves[1]) != 0;
}
template <typename T>
T first_of(const char* at) {
  T x = 0;
  std::memcpy(&x, at, sizeof x);
  return x;
}

/// True where nothing in the text needs more than being copied. The last bytes are looked at as one block
/// with some of those before them.
bool is_plain(std::string_view text) {
  const char* const p = text.data();
  const size_t n = text.size();
  if (n >= sizeof(Bytes)) {
    Bytes found = special_of(load(p + n - sizeof(Bytes)));
    for (size_t i = 0; i + sizeof(Bytes) <= n; i += sizeof(Bytes)) found |= special_of(load(p + i));
    return !any(found);
  }
  if (n >= 4) {
    const Halves ends =
        n >= 8 ? Halves{first_of<uint64_t>(p), first_of<uint64_t>(p + n - 8)}
               : Halves{} + (uint64_t{first_of<uint32_t>(p)} << 32 | first_of<uint32_t>(p + n - 4));
    return !any(special_of(reinterpret_cast<Bytes>(ends)));
  }
  bool plain = true;
  for (size_t i = 0; i < n; ++i) plain &= kPlain[static_cast<uint8_t>(p[i])];
  return plain;
}

/// Of a text in which something may need more than being copied.
template <typename Out>
void append_escaped(Out& out, std::string_view text) {
  size_t from = 0, i = 0;
  const auto flush = [&] { out.append(text.substr(from, i - from)); };
  while (i < text.size()) {
    while (text.size() - i >= sizeof(Bytes) && !any(special_of(load(text.data() + i)))) i += sizeof(Bytes);
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
}

template <typename Out>
void append_string(Out& out, std::string_view text) {
  out += '"';
  if (is_plain(text)) {
    out.append(text);
  } else {
    append_escaped(out, text);
  }
  out += '"';
}

template <typename Out>
void append_int(Out& out, int64_t value) {
  char buffer[24];
  const auto r = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, static_cast<size_t>(r.ptr - buffer));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) { append_string(out, text); }
void append_json_string(TextOut& out, std::string_view text) { append_string(out, text); }
void append_json_int(std::string& out, int64_t value) { append_int(out, value); }
void append_json_int(TextOut& out, int64_t value) { append_int(out, value); }

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
