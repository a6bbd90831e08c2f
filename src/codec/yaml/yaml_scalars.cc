#include "codec/yaml/yaml_scalars.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "codec/json/json_text.h"

namespace mizzen::codec {
namespace {

bool one_of(std::string_view s, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), s) != names.end();
}

std::optional<std::string> as_integer(std::string_view s) {
  std::string t;
  for (char c : s)
    if (c != '_') t += c;
  std::string_view v = t;
  bool negative = false;
  if (!v.empty() && (v[0] == '+' || v[0] == '-')) {
    negative = v[0] == '-';
    v.remove_prefix(1);
  }
  int base = 10;
  if (v.starts_with("0x") || v.starts_with("0X")) {
    base = 16;
    v.remove_prefix(2);
  } else if (v.starts_with("0b") || v.starts_with("0B")) {
    base = 2;
    v.remove_prefix(2);
  } else if (v.starts_with("0o") || v.starts_with("0O")) {
    base = 8;
    v.remove_prefix(2);
  } else if (v.size() > 1 && v[0] == '0') {
    base = 8;
    v.remove_prefix(1);
  }
  uint64_t out = 0;
  const auto r = std::from_chars(v.data(), v.data() + v.size(), out, base);
  if (v.empty() || r.ec != std::errc() || r.ptr != v.data() + v.size()) return std::nullopt;
  return (negative && out ? "-" : "") + std::to_string(out);
}

std::optional<std::string> as_float(std::string_view s) {
  std::string t;
  for (char c : s)
    if (c != '_') t += c;
  if (t.empty() || t.find_first_of("0123456789") == std::string::npos) return std::nullopt;
  const size_t digits_from = t[0] == '+' || t[0] == '-' ? 1 : 0;
  if (t.find_first_not_of("0123456789.eE+-", digits_from) != std::string::npos) return std::nullopt;
  if (t[0] == '+') t.erase(0, 1);
  double d = 0;
  const auto r = std::from_chars(t.data(), t.data() + t.size(), d);
  if (r.ec != std::errc() || r.ptr != t.data() + t.size()) return std::nullopt;
  std::string out;
  append_json_double(out, d);
  return out;
}

}  // namespace

std::string resolve_yaml(std::string_view s) {
  if (one_of(s, {"", "~", "null", "Null", "NULL"})) return "null";
  if (one_of(s, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return "true";
  if (one_of(s, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) return "false";
  const char c = s[0];
  if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.') {
    if (auto i = as_integer(s)) return *i;
    if (auto f = as_float(s)) return *f;
  }
  std::string out;
  append_json_string(out, s);
  return out;
}

std::string_view without_json(std::string_view s) {
  if (one_of(s, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return "+Inf";
  if (one_of(s, {"-.inf", "-.Inf", "-.INF"})) return "-Inf";
  return one_of(s, {".nan", ".NaN", ".NAN"}) ? "NaN" : "";
}

}  // namespace mizzen::codec
