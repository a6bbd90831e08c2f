#include "codec/json/json_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "codec/json/json_text.h"

namespace mizzen::codec {
namespace {
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, uint32_t rune) {
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xc0 | rune >> 6);
    out += static_cast<char>(0x80 | (rune & 0x3f));
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xe0 | rune >> 12);
    out += static_cast<char>(0x80 | (rune >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (rune & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | rune >> 18);
    out += static_cast<char>(0x80 | (rune >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (rune >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (rune & 0x3f));
  }
}

/// A byte as Go's %q prints it as a rune: bytes beyond ASCII are taken for Latin-1.
std::string rune_name(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\'') return "'\\''";
  if (c == '"') return "'\"'";
  if (byte < 0x80) {
    const std::string quoted = quote(std::string_view(&c, 1));
    return "'" + quoted.substr(1, quoted.size() - 2) + "'";
  }
  if (byte <= 0xa0 || byte == 0xad) return fmt::format("'\\u{:04x}'", byte);
  std::string out = "'";
  append_utf8(out, byte);
  return out + "'";
}
}  // namespace

bool JsonReader::fail(std::string message) {
  if (error_.empty()) error_ = std::move(message);
  return false;
}

bool JsonReader::unexpected(std::string_view where) {
  if (at_ >= text_.size()) return fail("unexpected end of JSON input");
  return fail(fmt::format("invalid character {} {}", rune_name(text_[at_]), where));
}

bool JsonReader::too_deep() { return unexpected("exceeded max depth"); }

void JsonReader::space() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

JsonKind JsonReader::peek() {
  if (!ok()) return JsonKind::Invalid;
  space();
  if (at_ >= text_.size()) return JsonKind::End;
  switch (text_[at_]) {
    case '{':
      return JsonKind::Object;
    case '[':
      return JsonKind::Array;
    case '"':
      return JsonKind::String;
    case 't':
    case 'f':
      return JsonKind::Bool;
    case 'n':
      return JsonKind::Null;
    default:
      return text_[at_] == '-' || is_digit(text_[at_]) ? JsonKind::Number : JsonKind::Invalid;
  }
}

bool JsonReader::enter_object() {
  if (peek() != JsonKind::Object) return unexpected("looking for beginning of value");
  if (++depth_ > depth_max_) return unexpected("exceeded max depth");
  ++at_;
  first_ = true;
  return true;
}

bool JsonReader::enter_array() {
  if (peek() != JsonKind::Array) return unexpected("looking for beginning of value");
  if (++depth_ > depth_max_) return unexpected("exceeded max depth");
  ++at_;
  first_ = true;
  return true;
}

bool JsonReader::next_key(std::string& key) {
  std::string_view view;
  key.clear();
  if (!next_key_view(view, key)) return false;
  if (view.data() != key.data()) key.assign(view);
  return true;
}

bool JsonReader::next_key_view(std::string_view& key, std::string& scratch) {
  if (!ok()) return false;
  space();
  const bool first = std::exchange(first_, false);
  if (at_ < text_.size() && text_[at_] == '}') {
    ++at_;
    --depth_;
    return false;
  }
  if (!first) {
    if (at_ >= text_.size() || text_[at_] != ',') return unexpected("after object key:value pair");
    ++at_;
    space();
  }
  if (at_ >= text_.size() || text_[at_] != '"')
    return unexpected("looking for beginning of object key string");
  scratch.clear();
  key = {};
  if (!string_token(&scratch, &key)) return false;
  if (key.data() == nullptr) key = scratch;
  space();
  if (at_ >= text_.size() || text_[at_] != ':') return unexpected("after object key");
  ++at_;
  return true;
}

bool JsonReader::next_element() {
  if (!ok()) return false;
  space();
  const bool first = std::exchange(first_, false);
  if (at_ < text_.size() && text_[at_] == ']') {
    ++at_;
    --depth_;
    return false;
  }
  if (first) return true;
  if (at_ >= text_.size() || text_[at_] != ',') return unexpected("after array element");
  ++at_;
  space();
  if (at_ < text_.size() && text_[at_] == ']') return unexpected("looking for beginning of value");
  return true;
}

/// With `view`, a token without escapes is returned as a view and `out` stays untouched; view->data() is null
/// otherwise.
bool JsonReader::string_token(std::string* out, std::string_view* view) {
  const size_t start = ++at_;
  bool plain = true;
  for (;;) {
    if (at_ >= text_.size()) return fail("unexpected end of JSON input");
    const unsigned char c = static_cast<unsigned char>(text_[at_]);
    if (c == '"') break;
    if (c < 0x20) return unexpected("in string literal");
    if (c == '\\') {
      plain = false;
      if (!check_escape()) return false;
      continue;
    }
    if (c >= 0x80) plain = false;
    ++at_;
  }
  const std::string_view raw = text_.substr(start, at_ - start);
  if (plain) {
    ++at_;
    if (view) {
      *view = raw;
    } else if (out) {
      out->assign(raw);
    }
    return true;
  }
  const size_t end = at_;
  at_ = start;
  if (out) out->clear();
  std::string ignored;
  std::string& to = out ? *out : ignored;
  while (at_ < end) {
    const unsigned char c = static_cast<unsigned char>(text_[at_]);
    if (c == '\\') {
      if (!unescape(to)) return false;
    } else if (c < 0x80) {
      to += static_cast<char>(c);
      ++at_;
    } else {
      const size_t n = utf8_length(text_.substr(at_, end - at_));
      if (n == 0) {
        append_utf8(to, 0xfffd);
        ++at_;
      } else {
        to.append(text_.substr(at_, n));
        at_ += n;
      }
    }
  }
  ++at_;
  return true;
}

/// Steps over an escape, making sure that it is one.
bool JsonReader::check_escape() {
  ++at_;
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  if (c != 'u') {
    if (at_ >= text_.size() || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos)
      return unexpected("in string escape code");
    ++at_;
    return true;
  }
  for (int i = 0; i < 4; ++i) {
    ++at_;
    if (at_ >= text_.size() || hex_value(text_[at_]) < 0)
      return unexpected("in \\u hexadecimal character escape");
  }
  ++at_;
  return true;
}

bool JsonReader::unescape(std::string& out) {
  ++at_;
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  switch (c) {
    case '"':
      out += '"';
      break;
    case '\\':
      out += '\\';
      break;
    case '/':
      out += '/';
      break;
    case 'b':
      out += '\b';
      break;
    case 'f':
      out += '\f';
      break;
    case 'n':
      out += '\n';
      break;
    case 'r':
      out += '\r';
      break;
    case 't':
      out += '\t';
      break;
    case 'u': {
      const auto four = [this](size_t from, uint32_t& rune) {
        if (from + 4 > text_.size()) return false;
        rune = 0;
        for (size_t i = from; i < from + 4; ++i) {
          const int v = hex_value(text_[i]);
          if (v < 0) {
            at_ = i;
            return false;
          }
          rune = rune << 4 | static_cast<uint32_t>(v);
        }
        return true;
      };
      uint32_t rune, low;
      if (!four(at_ + 1, rune)) return unexpected("in \\u hexadecimal character escape");
      at_ += 4;
      if (rune >= 0xd800 && rune < 0xdc00 && at_ + 2 < text_.size() && text_[at_ + 1] == '\\' &&
          text_[at_ + 2] == 'u') {
        if (!four(at_ + 3, low)) return unexpected("in \\u hexadecimal character escape");
        if (low >= 0xdc00 && low < 0xe000) {
          rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
          at_ += 6;
        } else {
          rune = 0xfffd;
        }
      } else if (rune >= 0xd800 && rune < 0xe000) {
        rune = 0xfffd;
      }
      append_utf8(out, rune);
      break;
    }
    default:
      return unexpected("in string escape code");
  }
  ++at_;
  return true;
}

bool JsonReader::read_string(std::string& out) {
  if (peek() != JsonKind::String) return unexpected("looking for beginning of value");
  return string_token(&out, nullptr);
}

bool JsonReader::read_number(std::string_view& out) {
  if (peek() != JsonKind::Number) return unexpected("looking for beginning of value");
  const size_t start = at_;
  if (text_[at_] == '-') ++at_;
  if (at_ >= text_.size() || !is_digit(text_[at_])) return unexpected("in numeric literal");
  if (text_[at_] == '0') {
    ++at_;
  } else {
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  }
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (at_ >= text_.size() || !is_digit(text_[at_]))
      return unexpected("after decimal point in numeric literal");
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (at_ >= text_.size() || !is_digit(text_[at_])) return unexpected("in exponent of numeric literal");
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  }
  out = text_.substr(start, at_ - start);
  return true;
}

bool JsonReader::expect(std::string_view literal) {
  for (char c : literal) {
    if (at_ >= text_.size() || text_[at_] != c)
      return unexpected(fmt::format("in literal {} (expecting '{}')", literal, c));
    ++at_;
  }
  return true;
}

bool JsonReader::read_bool(bool& out) {
  if (peek() != JsonKind::Bool) return unexpected("looking for beginning of value");
  out = text_[at_] == 't';
  return expect(out ? "true" : "false");
}

bool JsonReader::read_null() {
  if (peek() != JsonKind::Null) return unexpected("looking for beginning of value");
  return expect("null");
}

bool JsonReader::skip(int depth_max) {
  // Iterative: depth_ is the stack, the innermost container is told by a bit vector of the path.
  std::string path;
  std::string_view number;
  std::string scratch;
  do {
    if (!path.empty()) {
      std::string_view key;
      const bool more = path.back() == '{' ? next_key_view(key, scratch) : next_element();
      if (!ok()) return false;
      if (!more) {
        path.pop_back();
        continue;
      }
    }
    bool b;
    switch (peek()) {
      case JsonKind::Object:
        if (!enter_object()) return false;
        path += '{';
        if (path.size() > static_cast<size_t>(depth_max)) return fail("exceeded max depth");
        break;
      case JsonKind::Array:
        if (!enter_array()) return false;
        path += '[';
        if (path.size() > static_cast<size_t>(depth_max)) return fail("exceeded max depth");
        break;
      case JsonKind::String:
        if (!string_token(&scratch, nullptr)) return false;
        break;
      case JsonKind::Number:
        if (!read_number(number)) return false;
        break;
      case JsonKind::Bool:
        if (!read_bool(b)) return false;
        break;
      case JsonKind::Null:
        if (!read_null()) return false;
        break;
      default:
        return unexpected("looking for beginning of value");
    }
  } while (!path.empty());
  first_ = false;
  return true;
}

bool JsonReader::copy_compact(std::string& out) {
  space();
  const size_t start = at_;
  if (!skip(kTextDepthMax)) return false;
  const std::string_view raw = text_.substr(start, at_ - start);
  bool in_string = false;
  out.reserve(out.size() + raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < raw.size()) {
        out += raw[++i];
      } else if (c == '"') {
        in_string = false;
      }
    } else if (!is_space(c)) {
      out += c;
      in_string = c == '"';
    }
  }
  return true;
}

bool JsonReader::at_end() {
  space();
  return at_ >= text_.size();
}

bool JsonReader::expect_end() {
  if (!ok()) return false;
  return at_end() || unexpected("after top-level value");
}

Result<std::string> compact_json(std::string_view text) {
  JsonReader reader(text);
  std::string out;
  if (!reader.copy_compact(out) || !reader.expect_end()) return Error(Code::BadRequest, reader.error());
  return out;
}

}  // namespace mizzen::codec
