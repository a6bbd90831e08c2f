#include "codec/tables/access.h"

namespace mizzen::codec {
namespace {

/// Calls `f` with the std::optional that a scalar type is kept in.
template <typename P, typename F>
auto with_optional(Type type, P* p, F&& f) {
  using std::optional;
  const auto cast = [p]<typename T>(T*) {
    if constexpr (std::is_const_v<P>) {
      return static_cast<const optional<T>*>(p);
    } else {
      return static_cast<optional<T>*>(p);
    }
  };
  switch (type) {
    case Type::Bool:
      return f(*cast(static_cast<bool*>(nullptr)));
    case Type::Int32:
      return f(*cast(static_cast<int32_t*>(nullptr)));
    case Type::Int64:
      return f(*cast(static_cast<int64_t*>(nullptr)));
    case Type::Uint32:
      return f(*cast(static_cast<uint32_t*>(nullptr)));
    case Type::Uint64:
      return f(*cast(static_cast<uint64_t*>(nullptr)));
    case Type::Double:
      return f(*cast(static_cast<double*>(nullptr)));
    case Type::Time:
    case Type::MicroTime:
      return f(*cast(static_cast<Time*>(nullptr)));
    case Type::Span:
      return f(*cast(static_cast<Span*>(nullptr)));
    case Type::Quantity:
      return f(*cast(static_cast<Quantity*>(nullptr)));
    case Type::IntOrString:
      return f(*cast(static_cast<IntOrString*>(nullptr)));
    case Type::RawJson:
      return f(*cast(static_cast<RawJson*>(nullptr)));
    default:
      return f(*cast(static_cast<std::string*>(nullptr)));
  }
}

}  // namespace

const void* optional_get(const Field& f, const void* p) {
  if (f.type == Type::Message) return box_get(p);
  return with_optional(
      f.type, p, [](const auto& o) -> const void* { return o ? static_cast<const void*>(&*o) : nullptr; });
}

void* optional_ensure(const Field& f, void* p) {
  if (f.type == Type::Message) return box_ensure(*f.message, p);
  return with_optional(f.type, p, [](auto& o) -> void* {
    if (!o) o.emplace();
    return &*o;
  });
}

void optional_reset(const Field& f, void* p) {
  if (f.type == Type::Message) return box_reset(*f.message, p);
  with_optional(f.type, p, [](auto& o) { o.reset(); });
}

}  // namespace mizzen::codec
