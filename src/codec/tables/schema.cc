#include "codec/tables/schema.h"

#include "codec/tables/access.h"

namespace mizzen::codec {
namespace {

bool equal_value(const Field& f, const void* a, const void* b) {
  switch (f.type) {
    case Type::Bool:
      return as<bool>(a) == as<bool>(b);
    case Type::Int32:
      return as<int32_t>(a) == as<int32_t>(b);
    case Type::Uint32:
      return as<uint32_t>(a) == as<uint32_t>(b);
    case Type::Int64:
      return as<int64_t>(a) == as<int64_t>(b);
    case Type::Uint64:
      return as<uint64_t>(a) == as<uint64_t>(b);
    case Type::Double:
      return as<double>(a) == as<double>(b);
    case Type::String:
    case Type::Bytes:
      return as<std::string>(a) == as<std::string>(b);
    case Type::Message:
      return equal(*f.message, a, b);
    case Type::Time:
    case Type::MicroTime:
      return as<Time>(a) == as<Time>(b);
    case Type::Span:
      return as<Span>(a) == as<Span>(b);
    case Type::Quantity:
      return as<Quantity>(a).compare(as<Quantity>(b)) == 0;
    case Type::IntOrString:
      return as<IntOrString>(a) == as<IntOrString>(b);
    case Type::RawJson:
      return as<RawJson>(a) == as<RawJson>(b);
  }
  return false;
}

bool equal_field(const Field& f, const void* a, const void* b) {
  switch (f.shape) {
    case Shape::Value:
      return equal_value(f, a, b);
    case Shape::Optional: {
      const void* x = optional_get(f, a);
      const void* y = optional_get(f, b);
      return x && y ? equal_value(f, x, y) : x == y;
    }
    case Shape::List: {
      const size_t n = f.list->size(a);
      if (n != f.list->size(b)) return false;
      for (size_t i = 0; i < n; ++i)
        if (!equal_value(f, f.list->at(a, i), f.list->at(b, i))) return false;
      return true;
    }
    case Shape::Map: {
      const size_t n = f.map->size(a);
      if (n != f.map->size(b)) return false;
      for (size_t i = 0; i < n; ++i)
        if (*f.map->key(a, i) != *f.map->key(b, i) || !equal_value(f, f.map->value(a, i), f.map->value(b, i)))
          return false;
      return true;
    }
  }
  return false;
}

bool empty_value(const Field& f, const void* v) {
  switch (f.type) {
    case Type::Bool:
      return !as<bool>(v);
    case Type::Int32:
      return as<int32_t>(v) == 0;
    case Type::Uint32:
      return as<uint32_t>(v) == 0;
    case Type::Int64:
      return as<int64_t>(v) == 0;
    case Type::Uint64:
      return as<uint64_t>(v) == 0;
    case Type::Double:
      return as<double>(v) == 0;
    case Type::String:
    case Type::Bytes:
      return as<std::string>(v).empty();
    case Type::Message:
      return is_empty(*f.message, v);
    case Type::Time:
    case Type::MicroTime:
      return !as<Time>(v).is_set();
    case Type::Span:
      return as<Span>(v).nanos == 0;
    case Type::Quantity:
      return as<Quantity>(v).is_zero();
    case Type::IntOrString:
      return as<IntOrString>(v) == IntOrString();
    case Type::RawJson:
      return as<RawJson>(v).empty();
  }
  return false;
}

}  // namespace

const Field* Message::find_json(std::string_view name) const {
  if (slots.empty()) return nullptr;
  const uint32_t mask = static_cast<uint32_t>(slots.size()) - 1;
  for (uint32_t i = slot_hash(name, slot_seed) & mask;; i = (i + 1) & mask) {
    const uint16_t at = slots[i];
    if (at == 0) return nullptr;
    if (json[at - 1u].json == name) return &json[at - 1u];
  }
}

bool equal(const Message& m, const void* a, const void* b) {
  for (const Field& f : m.json)
    if (!equal_field(f, member(a, f), member(b, f))) return false;
  // Messages with a form of their own have no JSON fields; the wire table has them all.
  if (m.form != JsonForm::Object)
    for (const Field& f : m.wire)
      if (!equal_field(f, member(a, f), member(b, f))) return false;
  return true;
}

bool is_empty(const Message& m, const void* object) {
  const auto fields = m.form == JsonForm::Object ? m.json : m.wire;
  for (const Field& f : fields) {
    const void* p = member(object, f);
    switch (f.shape) {
      case Shape::Value:
        if (!empty_value(f, p)) return false;
        break;
      case Shape::Optional:
        if (optional_get(f, p)) return false;
        break;
      case Shape::List:
        if (f.list->size(p)) return false;
        break;
      case Shape::Map:
        if (f.map->size(p)) return false;
        break;
    }
  }
  return true;
}

}  // namespace mizzen::codec
