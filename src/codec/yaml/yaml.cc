#include "codec/yaml/yaml.h"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "codec/json/json_text.h"
#include "codec/json/tree.h"

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

/// A plain scalar as JSON.
std::string resolve(std::string_view s) {
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

class Converter {
 public:
  Converter(std::string_view text, const YamlLimits& limits) : limits_(limits) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Converter() {
    yaml_parser_delete(&parser_);
    clear();
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  Result<std::vector<std::string>> run() {
    std::vector<std::string> documents;
    for (;;) {
      MZ_TRY(next());
      if (event_.type == YAML_STREAM_END_EVENT) return documents;
      if (event_.type != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      std::string out;
      MZ_TRY(next());
      MZ_TRY(node(out, 0));
      if (out == "null") continue;
      if (documents.size() >= limits_.documents_max) return fail("too many documents");
      documents.push_back(std::move(out));
    }
  }

 private:
  Error fail(std::string_view what) const {
    return Error(Code::BadRequest, fmt::format("yaml: line {}: {}", event_.start_mark.line + 1, what));
  }

  void clear() {
    if (live_) yaml_event_delete(&event_);
    live_ = false;
  }

  Result<void> next() {
    clear();
    if (!yaml_parser_parse(&parser_, &event_)) {
      const std::string what = parser_.problem ? parser_.problem : "unreadable";
      return Error(Code::BadRequest, fmt::format("yaml: line {}: {}", parser_.problem_mark.line + 1, what));
    }
    live_ = true;
    return {};
  }

  static std::string name(const yaml_char_t* s) { return s ? reinterpret_cast<const char*>(s) : ""; }

  Result<void> bounded(const std::string& out) {
    if (out.size() > limits_.output_bytes_max) return fail("document contains excessive aliasing");
    return {};
  }

  /// Appends the node that event_ starts; event_ is its last event afterwards.
  Result<void> node(std::string& out, int depth) {
    if (depth > limits_.depth_max) return fail("exceeded max depth");
    const size_t start = out.size();
    std::string anchor;
    switch (event_.type) {
      case YAML_ALIAS_EVENT: {
        const auto it = anchors_.find(name(event_.data.alias.anchor));
        if (it == anchors_.end())
          return fail("unknown anchor '" + name(event_.data.alias.anchor) + "' referenced");
        unfolded_ += it->second.size();
        if (unfolded_ > limits_.output_bytes_max) return fail("document contains excessive aliasing");
        out += it->second;
        return bounded(out);
      }
      case YAML_SCALAR_EVENT:
        anchor = name(event_.data.scalar.anchor);
        out += scalar();
        break;
      case YAML_SEQUENCE_START_EVENT: {
        anchor = name(event_.data.sequence_start.anchor);
        out += '[';
        for (bool first = true;; first = false) {
          MZ_TRY(next());
          if (event_.type == YAML_SEQUENCE_END_EVENT) break;
          if (!first) out += ',';
          MZ_TRY(node(out, depth + 1));
        }
        out += ']';
        break;
      }
      case YAML_MAPPING_START_EVENT:
        anchor = name(event_.data.mapping_start.anchor);
        MZ_TRY(mapping(out, depth));
        break;
      default:
        return fail("unexpected event");
    }
    if (!anchor.empty()) anchors_[anchor] = out.substr(start);
    return bounded(out);
  }

  std::string scalar() const {
    const auto& s = event_.data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(s.value), s.length);
    const std::string tag = name(s.tag);
    if (s.style == YAML_PLAIN_SCALAR_STYLE &&
        (tag.empty() || tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:bool" ||
         tag == "tag:yaml.org,2002:float" || tag == "tag:yaml.org,2002:null"))
      return resolve(text);
    std::string out;
    append_json_string(out, text);
    return out;
  }

  Result<void> mapping(std::string& out, int depth) {
    out += '{';
    bool first = true;
    std::set<std::string> keys;
    std::vector<std::string> merges;
    for (;;) {
      MZ_TRY(next());
      if (event_.type == YAML_MAPPING_END_EVENT) break;
      const bool plain =
          event_.type == YAML_SCALAR_EVENT && event_.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
      std::string key;
      MZ_TRY(node(key, depth + 1));
      if (key[0] == '{' || key[0] == '[') return fail("invalid map key");
      if (key[0] != '"') key = "\"" + key + "\"";
      MZ_TRY(next());
      if (plain && key == "\"\\u003c\\u003c\"") {
        MZ_TRY(node(merges.emplace_back(), depth + 1));
        continue;
      }
      if (!first) out += ',';
      first = false;
      out += key;
      out += ':';
      MZ_TRY(node(out, depth + 1));
      keys.insert(std::move(key));
    }
    for (const std::string& merge : merges) MZ_TRY(merge_into(out, merge, keys, first));
    out += '}';
    return {};
  }

  Result<void> merge_into(std::string& out, const std::string& merge, std::set<std::string>& keys,
                          bool& first) {
    MZ_ASSIGN(const Value tree, Value::parse(merge));
    std::vector<const Value*> maps;
    if (tree.is_object()) maps.push_back(&tree);
    for (const Value& v : tree.items()) maps.push_back(&v);
    for (const Value* map : maps) {
      if (!map->is_object()) return fail("map merge requires map or sequence of maps as the value");
      for (const auto& [key, value] : map->members()) {
        std::string text;
        append_json_string(text, key);
        if (!keys.insert(text).second) continue;
        if (!first) out += ',';
        first = false;
        out += text;
        out += ':';
        value.write(out);
      }
    }
    return bounded(out);
  }

  const YamlLimits limits_;
  yaml_parser_t parser_;
  yaml_event_t event_{};
  bool live_ = false;
  size_t unfolded_ = 0;
  std::map<std::string, std::string> anchors_;
};

bool needs_quotes(std::string_view s) {
  if (resolve(s)[0] != '"') return true;
  if (s.find_first_of("\n\t:#{}[],&*!|>'\"%@`\\") != std::string_view::npos) return true;
  return s.front() == ' ' || s.back() == ' ' || s.front() == '-' || s.front() == '?' || s.front() == '=';
}

void write_scalar(std::string& out, const Value& v) {
  if (!v.is_string()) {
    v.write(out);
  } else if (needs_quotes(v.text())) {
    append_json_string(out, v.text());  // a JSON string is a double-quoted YAML scalar
  } else {
    out += v.text();
  }
}

void write_block(std::string& out, const Value& v, size_t indent, bool in_item);

void write_member_value(std::string& out, const Value& v, size_t indent) {
  if (v.is_object() && !v.members().empty()) {
    out += '\n';
    write_block(out, v, indent + 2, false);
  } else if (v.is_array() && !v.items().empty()) {
    out += '\n';
    write_block(out, v, indent, false);
  } else {
    out += ' ';
    write_scalar(out, v);
    out += '\n';
  }
}

/// `in_item`: the first line follows a dash and needs no indentation.
void write_block(std::string& out, const Value& v, size_t indent, bool in_item) {
  const auto start = [&] {
    if (!in_item) out.append(indent, ' ');
    in_item = false;
  };
  if (v.is_object()) {
    std::vector<const Value::Member*> sorted;
    for (const auto& m : v.members()) sorted.push_back(&m);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    for (const auto* m : sorted) {
      start();
      write_scalar(out, Value::string(m->first));
      out += ':';
      write_member_value(out, m->second, indent);
    }
    return;
  }
  for (const Value& item : v.items()) {
    start();
    out += "-";
    if ((item.is_object() && !item.members().empty()) || (item.is_array() && !item.items().empty())) {
      out += ' ';
      write_block(out, item, indent + 2, true);
    } else {
      out += ' ';
      write_scalar(out, item);
      out += '\n';
    }
  }
}

}  // namespace

Result<std::vector<std::string>> yaml_to_json(std::string_view text, const YamlLimits& limits) {
  return Converter(text, limits).run();
}

Result<std::string> yaml_document_to_json(std::string_view text, const YamlLimits& limits) {
  MZ_ASSIGN(auto documents, yaml_to_json(text, limits));
  if (documents.size() != 1)
    return Error(Code::BadRequest, fmt::format("yaml: {} documents where one is expected", documents.size()));
  return std::move(documents[0]);
}

Result<std::string> json_to_yaml(std::string_view json) {
  MZ_ASSIGN(const Value v, Value::parse(json));
  std::string out;
  if ((v.is_object() && !v.members().empty()) || (v.is_array() && !v.items().empty())) {
    write_block(out, v, 0, false);
  } else {
    write_scalar(out, v);
    out += '\n';
  }
  return out;
}

}  // namespace mizzen::codec
