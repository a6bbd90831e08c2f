#include "base/check.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "codec/json/json_part.h"
#include "codec/json/json_text.h"
#include "codec/tables/access.h"

namespace mizzen::codec {
namespace {

void encode_object(std::string& out, const Message& m, const void* object, const TypeMeta* type);

void encode_value(std::string& out, const Field& f, const void* v) {
  switch (f.type) {
    case Type::Bool:
      out += as<bool>(v) ? "true" : "false";
      break;
    case Type::Int32:
      append_json_int(out, as<int32_t>(v));
      break;
    case Type::Int64:
      append_json_int(out, as<int64_t>(v));
      break;
    case Type::Uint32:
      append_json_int(out, as<uint32_t>(v));
      break;
    case Type::Uint64:
      out += std::to_string(as<uint64_t>(v));
      break;
    case Type::Double:
      append_json_double(out, as<double>(v));
      break;
    case Type::String:
      append_json_string(out, as<std::string>(v));
      break;
    case Type::Bytes:
      out += '"';
      out += base64_encode(as<std::string>(v));
      out += '"';
      break;
    case Type::Message:
      encode_object(out, *f.message, v, nullptr);
      break;
    case Type::Time:
    case Type::MicroTime: {
      const Time& t = as<Time>(v);
      if (!t.is_set()) {
        out += "null";
      } else {
        out += '"';
        f.type == Type::Time ? append_time(out, t) : append_micro_time(out, t);
        out += '"';
      }
      break;
    }
    case Type::Span:
      append_json_string(out, format_go_duration(as<Span>(v).nanos));
      break;
    case Type::Quantity:
      out += '"';
      out += as<Quantity>(v).text();
      out += '"';
      break;
    case Type::IntOrString:
      if (as<IntOrString>(v).is_string) {
        append_json_string(out, as<IntOrString>(v).text);
      } else {
        append_json_int(out, as<IntOrString>(v).number);
      }
      break;
    case Type::RawJson: {
      const RawJson& raw = as<RawJson>(v);
      out += raw.text.empty() ? "null" : raw.text;
      break;
    }
  }
}

/// True where omitempty leaves a plain value out. Structs are never empty in Go's sense.
bool omitted(const Field& f, const void* v) {
  switch (f.type) {
    case Type::Bool:
      return !as<bool>(v);
    case Type::Int32:
      return as<int32_t>(v) == 0;
    case Type::Int64:
      return as<int64_t>(v) == 0;
    case Type::Uint32:
      return as<uint32_t>(v) == 0;
    case Type::Uint64:
      return as<uint64_t>(v) == 0;
    case Type::Double:
      return as<double>(v) == 0;
    case Type::String:
    case Type::Bytes:
      return as<std::string>(v).empty();
    case Type::Time:
    case Type::MicroTime:
      return f.has(kOmitZero) && !as<Time>(v).is_set();
    case Type::RawJson:
      return f.has(kOmitZero) && as<RawJson>(v).empty();
    case Type::Message:
      return f.has(kOmitZero) && is_empty(*f.message, v);
    default:
      return false;
  }
}

void encode_list(std::string& out, const Field& f, const void* list) {
  out += '[';
  const size_t n = f.list->size(list);
  for (size_t i = 0; i < n; ++i) {
    if (i) out += ',';
    encode_value(out, f, f.list->at(list, i));
  }
  out += ']';
}

void encode_key(std::string& out, std::string_view name, bool& first) {
  out += first ? '{' : ',';
  first = false;
  out += '"';
  out += name;
  out += "\":";
}

void encode_field(std::string& out, const Field& f, const void* p, bool& first) {
  const auto key = [&] { encode_key(out, f.json, first); };
  switch (f.shape) {
    case Shape::Value:
      if (!f.has(kAlways) && omitted(f, p)) return;
      key();
      encode_value(out, f, p);
      return;
    case Shape::Optional: {
      const void* v = optional_get(f, p);
      if (!v) {
        if (f.has(kAlways)) {
          key();
          out += "null";
        }
        return;
      }
      key();
      encode_value(out, f, v);
      return;
    }
    case Shape::List: {
      if (f.list->size(p) == 0) {
        if (!f.has(kAlways)) return;
        key();
        // A nil slice is null upstream; the lists that every server makes non-nil are marked in the schema.
        out += f.has(kEmptyArray) ? "[]" : "null";
        return;
      }
      key();
      encode_list(out, f, p);
      return;
    }
    case Shape::Map: {
      const size_t n = f.map->size(p);
      if (n == 0 && !f.has(kAlways)) return;
      key();
      if (n == 0) {
        out += "null";
        return;
      }
      for (size_t i = 0; i < n; ++i) {
        out += i ? ',' : '{';
        append_json_string(out, *f.map->key(p, i));
        out += ':';
        encode_value(out, f, f.map->value(p, i));
      }
      out += '}';
      return;
    }
  }
}

/// The forms of apiextensions' schema types: a schema, or something simpler in its place.
void encode_special(std::string& out, const Message& m, const void* object) {
  const Field& one = m.wire[0];
  if (m.form == JsonForm::List) {
    if (one.list->size(member(object, one)) == 0) {
      out += "null";
    } else {
      encode_list(out, one, member(object, one));
    }
    return;
  }
  const Field& two = m.wire[1];
  if (m.form == JsonForm::OrBool) {  // allows, schema
    const void* schema = box_get(member(object, two));
    if (schema) {
      encode_object(out, *two.message, schema, nullptr);
    } else {
      out += as<bool>(member(object, one)) ? "true" : "false";
    }
    return;
  }
  // schema, then a list: OrArray prefers the list, OrStringArray too
  if (two.list->size(member(object, two)) > 0) {
    encode_list(out, two, member(object, two));
    return;
  }
  const void* schema = box_get(member(object, one));
  if (schema) {
    encode_object(out, *one.message, schema, nullptr);
  } else {
    out += "null";
  }
}

void encode_type(std::string& out, const TypeMeta* type, bool& first) {
  if (!type) return;
  const auto entry = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    encode_key(out, name, first);
    append_json_string(out, value);
  };
  entry("kind", type->kind);
  entry("apiVersion", type->api_version);
}

void encode_object(std::string& out, const Message& m, const void* object, const TypeMeta* type) {
  if (m.form != JsonForm::Object) {
    encode_special(out, m, object);
    return;
  }
  bool first = true;
  encode_type(out, type, first);
  for (const Field& f : m.json) encode_field(out, f, member(object, f), first);
  out += first ? "{}" : "}";
}

}  // namespace

void encode_json(std::string& out, const Message& m, const void* object, const TypeMeta* type) {
  encode_object(out, m, object, type);
}

void encode_json_part(std::string& out, const Message& m, const void* object, const Part& part,
                      const TypeMeta* type) {
  MZ_CHECK(m.form == JsonForm::Object, "{} has no fields in JSON", m.name);
  bool first = true;
  encode_type(out, type, first);
  for (const PartField& p : part) {
    const void* const at = member(object, *p.field);
    if (p.whole) {
      encode_field(out, *p.field, at, first);
      continue;
    }
    const void* const message = p.field->shape == Shape::Value ? at : optional_get(*p.field, at);
    if (!message) continue;
    encode_key(out, p.field->json, first);
    encode_json_part(out, *p.field->message, message, p.within);
  }
  out += first ? "{}" : "}";
}

}  // namespace mizzen::codec
