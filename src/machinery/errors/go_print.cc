#include "machinery/errors/go_print.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/strings.h"
#include "codec/json/json_scalars.h"
#include "codec/tables/go_types.h"
#include "codec/tables/quantity.h"
#include "codec/tables/values.h"

namespace mizzen::machinery {
namespace {

using codec::Field;
using codec::Message;
using codec::Shape;
using codec::Type;
using codec::Value;

bool is_integer(const Value& v) { return v.is_number() && parse_int<int64_t>(v.text()).has_value(); }

double as_double(const Value& v) {
  double out = 0;
  std::from_chars(v.text().data(), v.text().data() + v.text().size(), out);
  return out;
}

/// Go's %g with the fewest digits: plain between 1e-4 and 1e6.
std::string print_double(double d) {
  char buffer[64];
  const double magnitude = std::fabs(d);
  const bool scientific = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e6);
  const auto r = std::to_chars(buffer, buffer + sizeof buffer, d,
                               scientific ? std::chars_format::scientific : std::chars_format::fixed);
  return std::string(buffer, r.ptr);
}

std::string wrong_json(const Value& v, std::string_view wanted) {
  return fmt::format("json: cannot unmarshal {} into Go value of type {}", json_kind(v), wanted);
}

std::string value_error(Value& v, const Field& f);

std::string message_error(Value& v, const Message& m) {
  if (m.form == codec::JsonForm::List)
    return v.is_array() ? "" : fmt::format("cannot restore slice from {}", go_kind(v));
  if (m.form != codec::JsonForm::Object) return "";
  return unstructured_error(v, m);
}

std::string integer_error(Value& v, const Field& f) {
  const std::string wanted = codec::go_element_type(f);
  if (!v.is_number()) return "unrecognized type: " + wanted;
  if (is_integer(v)) return "";
  const double d = as_double(v);
  if (d != std::trunc(d) || std::fabs(d) >= 9.2e18) return "cannot convert float64 to " + wanted;
  v = Value::integer(static_cast<int64_t>(d));
  return "";
}

std::string string_error(const Value& v, const Field& f) {
  if (v.is_string()) return "";
  if (is_integer(v)) return "cannot convert int64 to " + codec::go_element_type(f);
  return "unrecognized type: string";
}

std::string bytes_error(const Value& v) {
  if (!v.is_string()) return v.is_array() ? "" : fmt::format("cannot restore slice from {}", go_kind(v));
  if (base64_decode(v.text())) return "";
  return fmt::format("error decoding from json: illegal base64 data at input byte {}",
                     codec::base64_error(v.text()));
}

std::string time_error(const Value& v, bool micro) {
  if (!v.is_string()) return wrong_json(v, "string");
  const auto t = codec::parse_time(v.text(), micro);
  return t.ok() ? "" : t.error().message();
}

std::string int_or_string_error(const Value& v) {
  if (v.is_string()) return "";
  if (!v.is_number()) return wrong_json(v, "int32");
  if (parse_int<int32_t>(v.text())) return "";
  return fmt::format("json: cannot unmarshal number {} into Go value of type int32", v.text());
}

/// One value of a field.
std::string value_error(Value& v, const Field& f) {
  if (v.is_null()) return "";
  switch (f.type) {
    case Type::Bool:
      return v.is_bool() ? "" : "unrecognized type: bool";
    case Type::Int32:
    case Type::Int64:
    case Type::Uint32:
    case Type::Uint64:
      return integer_error(v, f);
    case Type::Double:
      return v.is_number() ? "" : "unrecognized type: float64";
    case Type::String:
      return string_error(v, f);
    case Type::Bytes:
      return bytes_error(v);
    case Type::Message:
      return message_error(v, *f.message);
    case Type::Time:
    case Type::MicroTime:
      return time_error(v, f.type == Type::MicroTime);
    case Type::Span: {
      if (!v.is_string()) return wrong_json(v, "string");
      const auto d = codec::parse_go_duration(v.text());
      return d.ok() ? "" : d.error().message();
    }
    case Type::Quantity: {
      const std::string text = v.is_string() ? v.text() : v.str();
      const auto q = codec::Quantity::parse(trim(text));
      return q.ok() ? "" : q.error().message();
    }
    case Type::IntOrString:
      return int_or_string_error(v);
    case Type::RawJson:
      return "";
  }
  return "";
}

std::string field_error(Value& v, const Field& f) {
  if (v.is_null()) return "";
  if (f.shape == Shape::List) {
    if (!v.is_array()) return fmt::format("cannot restore slice from {}", go_kind(v));
    for (Value& item : v.items())
      if (std::string error = value_error(item, f); !error.empty()) return error;
    return "";
  }
  if (f.shape == Shape::Map) {
    if (!v.is_object()) return fmt::format("cannot restore map from {}", go_kind(v));
    for (auto& [key, value] : v.members())
      if (std::string error = value_error(value, f); !error.empty()) return error;
    return "";
  }
  return value_error(v, f);
}

}  // namespace

std::string_view json_kind(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::Bool:
      return "bool";
    case Value::Kind::Number:
      return "number";
    case Value::Kind::String:
      return "string";
    case Value::Kind::Array:
      return "array";
    default:
      return "object";
  }
}

std::string_view go_kind(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::Bool:
      return "bool";
    case Value::Kind::Number:
      return is_integer(v) ? "int64" : "float64";
    case Value::Kind::String:
      return "string";
    case Value::Kind::Array:
      return "slice";
    case Value::Kind::Object:
      return "map";
    default:
      return "invalid";
  }
}

std::string_view go_type_name(const Value& v) {
  if (v.is_null()) return "<nil>";
  return v.is_array() ? "[]interface {}" : v.is_object() ? "map[string]interface {}" : go_kind(v);
}

std::string go_print(const Value& v) {
  std::string out;
  switch (v.kind()) {
    case Value::Kind::Null:
      return "<nil>";
    case Value::Kind::Bool:
      return v.as_bool() ? "true" : "false";
    case Value::Kind::Number:
      return is_integer(v) ? std::to_string(*parse_int<int64_t>(v.text())) : print_double(as_double(v));
    case Value::Kind::String:
      return v.text();
    case Value::Kind::Array:
      for (const Value& item : v.items()) out += (&item == v.items().data() ? "" : " ") + go_print(item);
      return "[" + out + "]";
    case Value::Kind::Object:
      for (const auto& [key, value] : v.members())
        out += (out.empty() ? "" : " ") + key + ":" + go_print(value);
      return "map[" + out + "]";
  }
  return out;
}

std::string unstructured_error(Value& v, const Message& m) {
  if (!v.is_object()) return fmt::format("cannot restore struct from: {}", go_kind(v));
  for (const Field& f : m.json) {
    Value* member = v.find(f.json);
    if (!member) continue;
    if (std::string error = field_error(*member, f); !error.empty()) return error;
  }
  return "";
}

}  // namespace mizzen::machinery
