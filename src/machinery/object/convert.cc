#include "machinery/object/convert.h"

#include "codec/tables/access.h"

namespace mizzen::machinery {
namespace {

using codec::Field;
using codec::Message;
using codec::Shape;
using codec::Type;

void copy_scalar(Type type, const void* from, void* to, bool in_list) {
  using codec::as;
  switch (type) {
    case Type::Bool:
      if (in_list) {
        as<uint8_t>(to) = as<uint8_t>(from);
      } else {
        as<bool>(to) = as<bool>(from);
      }
      break;
    case Type::Int32:
    case Type::Uint32:
      as<int32_t>(to) = as<int32_t>(from);
      break;
    case Type::Int64:
    case Type::Uint64:
      as<int64_t>(to) = as<int64_t>(from);
      break;
    case Type::Double:
      as<double>(to) = as<double>(from);
      break;
    case Type::String:
    case Type::Bytes:
      as<std::string>(to) = as<std::string>(from);
      break;
    case Type::Time:
    case Type::MicroTime:
      as<codec::Time>(to) = as<codec::Time>(from);
      break;
    case Type::Span:
      as<codec::Span>(to) = as<codec::Span>(from);
      break;
    case Type::Quantity:
      as<codec::Quantity>(to) = as<codec::Quantity>(from);
      break;
    case Type::IntOrString:
      as<codec::IntOrString>(to) = as<codec::IntOrString>(from);
      break;
    case Type::RawJson:
      as<codec::RawJson>(to) = as<codec::RawJson>(from);
      break;
    case Type::Message:
      break;
  }
}

void copy_value(const Field& a, const void* from, const Field& b, void* to, bool in_list) {
  if (a.type == Type::Message) {
    convert_by_name(*a.message, from, *b.message, to);
  } else {
    copy_scalar(a.type, from, to, in_list);
  }
}

/// Value and Optional convert into each other: some versions made a field a pointer.
void copy_field(const Field& a, const void* from, const Field& b, void* to) {
  if (a.shape == Shape::List) {
    if (b.shape != Shape::List) return;
    b.list->clear(to);
    for (size_t i = 0, n = a.list->size(from); i < n; ++i)
      copy_value(a, a.list->at(from, i), b, b.list->add(to), true);
    return;
  }
  if (a.shape == Shape::Map) {
    if (b.shape != Shape::Map) return;
    b.map->clear(to);
    for (size_t i = 0, n = a.map->size(from); i < n; ++i)
      copy_value(a, a.map->value(from, i), b, b.map->append(to, *a.map->key(from, i)), false);
    return;
  }
  if (b.shape == Shape::List || b.shape == Shape::Map) return;
  const void* value = a.shape == Shape::Optional ? codec::optional_get(a, from) : from;
  if (!value) {
    if (b.shape == Shape::Optional) codec::optional_reset(b, to);
    return;
  }
  copy_value(a, value, b, b.shape == Shape::Optional ? codec::optional_ensure(b, to) : to, false);
}

}  // namespace

void convert_by_name(const Message& from_message, const void* from, const Message& to_message, void* to) {
  if (&from_message == &to_message) {
    to_message.assign(to, from);
    return;
  }
  const auto from_fields =
      from_message.form == codec::JsonForm::Object ? from_message.json : from_message.wire;
  for (const Field& a : from_fields) {
    const Field* b = nullptr;
    if (to_message.form == codec::JsonForm::Object) {
      b = to_message.find_json(a.json);
    } else {
      for (const Field& f : to_message.wire)
        if (f.number == a.number) b = &f;
    }
    if (b && b->type == a.type) copy_field(a, codec::member(from, a), *b, codec::member(to, *b));
  }
}

}  // namespace mizzen::machinery
