// Reading YAML as go-yaml v2 does, which upstream's servers use: its rules, its texts, and JSON with sorted
// keys.
#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/strings.h"
#include "codec/json/json_text.h"
#include "codec/json/tree.h"
#include "codec/yaml/yaml.h"
#include "codec/yaml/yaml_scalars.h"

namespace mizzen::codec {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

/// A value as Go's %#v prints it; `map_type` is what maps are called.
std::string go_syntax(const Value& v, std::string_view map_type) {
  std::string out;
  switch (v.kind()) {
    case Value::Kind::Null:
      return "interface {}(nil)";
    case Value::Kind::String:
      return quote(v.text());
    case Value::Kind::Array:
      for (const Value& item : v.items()) out += (out.empty() ? "" : ", ") + go_syntax(item, map_type);
      return "[]interface {}{" + out + "}";
    case Value::Kind::Object:
      for (const auto& [key, value] : v.members())
        out += (out.empty() ? "" : ", ") + quote(key) + ":" + go_syntax(value, map_type);
      return fmt::format("{}{{{}}}", map_type, out);
    default:
      return v.str();
  }
}

/// Role: events of libyaml to JSON text. Anchors keep the text of their nodes. Threading: confined to its
/// caller. Costs: n log n in what comes out, times the depth where keys are out of order.
class Converter {
 public:
  Converter(std::string_view text, const YamlLimits& limits) : limits_(limits) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Converter() {
    clear();
    yaml_parser_delete(&parser_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  Result<std::vector<std::string>> run() {
    std::vector<std::string> documents;
    for (;;) {
      MZ_ASSIGN(auto document, next_document());
      if (!document) return documents;
      if (*document == "null") continue;
      if (documents.size() >= limits_.documents_max) return fail("too many documents");
      documents.push_back(std::move(*document));
    }
  }

  /// The next document, `null` where it is empty; nothing at the end of the stream.
  Result<std::optional<std::string>> next_document() {
    for (;;) {
      MZ_TRY(next());
      if (event_.type == YAML_STREAM_END_EVENT) return std::optional<std::string>();
      if (event_.type != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      std::string out;
      MZ_TRY(next());
      MZ_TRY(node(out, 0));
      // Its end is looked at too: what cannot follow a document is an error of it.
      MZ_TRY(next());
      return std::optional<std::string>(std::move(out));
    }
  }

  /// Keys that came twice so far, in the order their values ended.
  std::vector<std::string> twice() {
    std::sort(twice_.begin(), twice_.end(), [](const Twice& a, const Twice& b) { return a.order < b.order; });
    std::vector<std::string> out;
    for (Twice& t : twice_) out.push_back(std::move(t.text));
    return out;
  }

 private:
  /// A member of a mapping that stands in the output from `from` to `to`, with its name.
  struct Entry {
    std::string key;  ///< as it resolved: 1 and "1" differ
    std::string name;
    size_t from, to, line, order;
  };
  struct Twice {
    size_t order;
    std::string text;
  };

  static Error fail(std::string_view what) { return Error(Code::BadRequest, fmt::format("yaml: {}", what)); }

  void clear() {
    if (live_) yaml_event_delete(&event_);
    live_ = false;
  }

  Result<void> next() {
    clear();
    if (!yaml_parser_parse(&parser_, &event_)) return syntax_error();
    live_ = true;
    return {};
  }

  /// go-yaml's reckoning of lines: those of the scanner count from one, the others from zero, the first is
  /// not named.
  Error syntax_error() const {
    const std::string what = parser_.problem ? parser_.problem : "unknown problem parsing YAML content";
    size_t line = parser_.problem_mark.line;
    if (line != 0) {
      line += parser_.error == YAML_SCANNER_ERROR;
    } else {
      line = parser_.context_mark.line;
    }
    return fail(line ? fmt::format("line {}: {}", line, what) : what);
  }

  static std::string name(const yaml_char_t* s) { return s ? reinterpret_cast<const char*>(s) : ""; }

  Result<void> bounded(const std::string& out) {
    if (out.size() > limits_.output_bytes_max) return fail("document contains excessive aliasing");
    return {};
  }

  /// Appends the node that event_ starts; event_ is its last event afterwards.
  Result<void> node(std::string& out, int depth) {
    if (depth > limits_.depth_max) return fail(fmt::format("exceeded max depth of {}", limits_.depth_max));
    const size_t start = out.size();
    std::string anchor;
    switch (event_.type) {
      case YAML_ALIAS_EVENT:
        return alias(out);
      case YAML_SCALAR_EVENT:
        anchor = name(event_.data.scalar.anchor);
        MZ_TRY(scalar(out));
        break;
      case YAML_SEQUENCE_START_EVENT:
        anchor = name(event_.data.sequence_start.anchor);
        if (!anchor.empty()) open_.push_back(anchor);
        MZ_TRY(sequence(out, depth));
        if (!anchor.empty()) open_.pop_back();
        break;
      case YAML_MAPPING_START_EVENT:
        anchor = name(event_.data.mapping_start.anchor);
        if (!anchor.empty()) open_.push_back(anchor);
        MZ_TRY(mapping(out, depth));
        if (!anchor.empty()) open_.pop_back();
        break;
      default:
        return fail("unexpected event");
    }
    if (!anchor.empty()) {
      // Anchors around anchors would keep the text once for each level.
      MZ_TRY(unfold(out.size() - start));
      anchors_[anchor] = out.substr(start);
    }
    return bounded(out);
  }

  /// Takes from what aliases and anchors may copy.
  Result<void> unfold(size_t bytes) {
    unfolded_ += bytes;
    if (unfolded_ > limits_.alias_bytes_max) return fail("document contains excessive aliasing");
    return {};
  }

  Result<void> alias(std::string& out) {
    const std::string anchor = name(event_.data.alias.anchor);
    if (std::find(open_.begin(), open_.end(), anchor) != open_.end())
      return fail(fmt::format("anchor '{}' value contains itself", anchor));
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) return fail(fmt::format("unknown anchor '{}' referenced", anchor));
    MZ_TRY(unfold(it->second.size()));
    out += it->second;
    return bounded(out);
  }

  Result<void> sequence(std::string& out, int depth) {
    out += '[';
    for (bool first = true;; first = false) {
      MZ_TRY(next());
      if (event_.type == YAML_SEQUENCE_END_EVENT) break;
      if (!first) out += ',';
      MZ_TRY(node(out, depth + 1));
    }
    out += ']';
    return {};
  }

  Result<void> scalar(std::string& out) {
    const auto& s = event_.data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(s.value), s.length);
    const std::string full = name(s.tag);
    const std::string_view tag =
        full.starts_with(kTagPrefix) ? std::string_view(full).substr(kTagPrefix.size()) : "";
    if (tag == "binary") {
      const auto bytes = base64_decode(text);
      if (!bytes) return fail("!!binary value contains invalid base64 data");
      append_json_string(out, *bytes);
      return {};
    }
    const bool typed = tag == "int" || tag == "float" || tag == "bool" || tag == "null";
    if (!typed && (s.style != YAML_PLAIN_SCALAR_STYLE || !full.empty())) {
      append_json_string(out, text);
      return {};
    }
    if (const std::string_view odd = without_json(text); !odd.empty())
      return Error(Code::BadRequest, fmt::format("json: unsupported value: {}", odd));
    const std::string resolved = resolve_yaml(text);
    if (typed) MZ_TRY(fits(resolved, text, tag));
    out += resolved;
    return {};
  }

  /// A scalar whose tag says what it is has to be that.
  static Result<void> fits(const std::string& resolved, std::string_view text, std::string_view tag) {
    const char c = resolved[0];
    const bool whole = resolved.find_first_of(".e") == std::string::npos;
    const std::string_view is = c == '"'               ? "str"
                                : c == 'n'             ? "null"
                                : c == 't' || c == 'f' ? "bool"
                                : whole                ? "int"
                                                       : "float";
    if (is == tag || (is == "int" && tag == "float")) return {};
    return fail(fmt::format("cannot decode !!{} `{}` as a !!{}", is, text, tag));
  }

  Result<void> mapping(std::string& out, int depth) {
    const size_t start = out.size();
    out += '{';
    std::vector<Entry> entries;
    for (;;) {
      MZ_TRY(next());
      if (event_.type == YAML_MAPPING_END_EVENT) break;
      const bool plain =
          event_.type == YAML_SCALAR_EVENT && event_.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
      std::string key;
      MZ_TRY(node(key, depth + 1));
      if (key[0] == '{' || key[0] == '[') return bad_key(key);
      MZ_TRY(next());
      if (plain && key == "\"\\u003c\\u003c\"") {
        std::string merged;
        MZ_TRY(node(merged, depth + 1));
        MZ_TRY(merge(out, merged, entries));
        continue;
      }
      const size_t line = event_.start_mark.line + 1;
      begin_member(out, key, entries);
      MZ_TRY(node(out, depth + 1));
      if (key == "null") return null_key(out.substr(entries.back().from + key.size() + 3));
      end_member(out, line, entries);
    }
    put_in_order(out, start, entries);
    out += '}';
    return bounded(out);
  }

  static Error bad_key(const std::string& key) {
    const auto value = Value::parse(key);
    return fail("invalid map key: " +
                (value.ok() ? go_syntax(*value, "map[interface {}]interface {}") : std::string()));
  }
  static Error null_key(const std::string& json) {
    const auto value = Value::parse(json);
    return Error(Code::BadRequest,
                 "unsupported map key of type: %!s(<nil>), key: <nil>, value: " +
                     (value.ok() ? go_syntax(*value, "map[interface {}]interface {}") : std::string()));
  }

  void begin_member(std::string& out, const std::string& key, std::vector<Entry>& entries) {
    if (!entries.empty()) out += ',';
    Entry e;
    e.key = key;
    e.name = key[0] == '"' ? key : "\"" + key + "\"";
    e.from = out.size();
    out += e.name;
    out += ':';
    e.name.pop_back();  // the closing quote would take part in comparisons
    entries.push_back(std::move(e));
  }
  void end_member(const std::string& out, size_t line, std::vector<Entry>& entries) {
    entries.back().to = out.size();
    entries.back().line = line;
    entries.back().order = ++members_;
  }

  /// The members of one mapping or of several, of which earlier ones go before later ones.
  Result<void> merge(std::string& out, const std::string& merged, std::vector<Entry>& entries) {
    MZ_ASSIGN(const Value tree, Value::parse(merged));
    std::vector<const Value*> maps;
    if (!tree.is_array()) maps.push_back(&tree);
    for (const Value& v : tree.items()) maps.insert(maps.begin(), &v);
    for (const Value* map : maps) {
      if (!map->is_object()) return fail("map merge requires map or sequence of maps as the value");
      MZ_TRY(unfold(merged.size()));
      for (const auto& [key, value] : map->members()) {
        std::string text;
        append_json_string(text, key);
        begin_member(out, text, entries);
        value.write(out);
        end_member(out, event_.start_mark.line + 1, entries);
      }
    }
    return bounded(out);
  }

  /// Sorts the members that stand in `out` after `start`; of equal names the last stays and the others are
  /// told.
  void put_in_order(std::string& out, size_t start, std::vector<Entry>& entries) {
    const auto not_before = [](const Entry& a, const Entry& b) { return a.name >= b.name; };
    if (std::adjacent_find(entries.begin(), entries.end(), not_before) == entries.end()) return;
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.name < b.name; });
    std::string sorted = "{";
    sorted.reserve(out.size() - start);
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i && entries[i - 1].key == entries[i].key) tell_twice(entries[i]);
      if (i + 1 < entries.size() && entries[i + 1].name == entries[i].name) continue;
      if (sorted.size() > 1) sorted += ',';
      sorted.append(out, entries[i].from, entries[i].to - entries[i].from);
    }
    out.replace(start, std::string::npos, sorted);
  }

  void tell_twice(const Entry& e) {
    if (twice_.size() >= DecodeReport::kProblemsMax) return;
    std::string shown = e.key;
    if (const auto text = Value::parse(e.key); e.key[0] == '"' && text.ok()) shown = quote(text->text());
    twice_.push_back({e.order, fmt::format("line {}: key {} already set in map", e.line, shown)});
  }

  const YamlLimits limits_;
  yaml_parser_t parser_;
  yaml_event_t event_{};
  bool live_ = false;
  size_t unfolded_ = 0, members_ = 0;
  std::map<std::string, std::string> anchors_;
  std::vector<std::string> open_;
  std::vector<Twice> twice_;
};

}  // namespace

Result<std::vector<std::string>> yaml_to_json(std::string_view text, const YamlLimits& limits) {
  return Converter(text, limits).run();
}

Result<std::string> yaml_document_to_json(std::string_view text, DecodeReport* report,
                                          const YamlLimits& limits) {
  Converter converter(text, limits);
  MZ_ASSIGN(auto document, converter.next_document());
  if (report) {
    report->yaml_twice = converter.twice();
    report->total += report->yaml_twice.size();
  }
  return document ? std::move(*document) : std::string("null");
}

}  // namespace mizzen::codec
