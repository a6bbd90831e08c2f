// Writing YAML; yaml_read.cc reads it.
#include "codec/yaml/yaml.h"

#include "codec/json/json_text.h"
#include "codec/json/tree.h"
#include "codec/yaml/yaml_scalars.h"

namespace mizzen::codec {
namespace {

bool needs_quotes(std::string_view s) {
  if (resolve_yaml(s)[0] != '"') return true;
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
    for (const auto& [key, value] : v.members()) {
      start();
      write_scalar(out, Value::string(key));
      out += ':';
      write_member_value(out, value, indent);
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

Result<std::string> json_to_yaml(std::string_view json) {
  // Our own answers, however long: LISTs come here.
  MZ_ASSIGN(const Value v,
            Value::parse(json, {.values_max = SIZE_MAX, .depth_max = 2 * JsonReader::kTextDepthMax}));
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
