#include "codec/tables/access.h"

namespace mizzen::codec {
namespace {

/// Calls `f` with a null pointer of the C++ type that a value of a scalar type has.
template <typename F>
auto with_type(Type type, F&& f) {
  switch (type) {
    case Type::Bool:
      return f(static_cast<bool*>(nullptr));
    case Type::Int32:
      return f(static_cast<int32_t*>(nullptr));
    case Type::Int64:
      return f(static_cast<int64_t*>(nullptr));
    case Type::Uint32:
      return f(static_cast<uint32_t*>(nullptr));
    case Type::Uint64:
      return f(static_cast<uint64_t*>(nullptr));
    case Type::Double:
      return f(static_cast<double*>(nullptr));
    case Type::Time:
    case Type::MicroTime:
      return f(static_cast<Time*>(nullptr));
    case Type::Span:
      return f(static_cast<Span*>(nullptr));
    case Type::Quantity:
      return f(static_cast<Quantity*>(nullptr));
    case Type::IntOrString:
      return f(static_cast<IntOrString*>(nullptr));
    case Type::RawJson:
      return f(static_cast<RawJson*>(nullptr));
    default:
      return f(static_cast<std::string*>(nullptr));
  }
}

}  // namespace

const void* optional_get(const Field& f, const void* p) {
  if (f.type == Type::Message) return box_get(p);
  return with_type(f.type, [p]<typename T>(T*) -> const void* {
    const auto& o = as<std::optional<T>>(p);
    return o ? &*o : nullptr;
  });
}

void* optional_ensure(const Field& f, void* p) {
  if (f.type == Type::Message) return box_ensure(*f.message, p);
  return with_type(f.type, [p]<typename T>(T*) -> void* {
    auto& o = as<std::optional<T>>(p);
    if (!o) o.emplace();
    return &*o;
  });
}

void optional_reset(const Field& f, void* p) {
  if (f.type == Type::Message) return box_reset(*f.message, p);
  with_type(f.type, [p]<typename T>(T*) { as<std::optional<T>>(p).reset(); });
}

void clear_field(const Field& f, void* p) {
  switch (f.shape) {
    case Shape::Optional:
      return optional_reset(f, p);
    case Shape::List:
      return f.list->clear(p);
    case Shape::Map:
      return f.map->clear(p);
    case Shape::Value:
      if (f.type == Type::Message) return f.message->reset(p);
      return with_type(f.type, [p]<typename T>(T*) { as<T>(p) = T(); });
  }
}

}  // namespace mizzen::codec
