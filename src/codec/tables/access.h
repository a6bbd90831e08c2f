#pragma once
#include "codec/tables/schema.h"

/// Reaching members without their types, for the generic code of this module.
namespace mizzen::codec {

template <typename T>
const T& as(const void* p) {
  return *static_cast<const T*>(p);
}
template <typename T>
T& as(void* p) {
  return *static_cast<T*>(p);
}

inline const void* member(const void* object, const Field& f) {
  return static_cast<const char*>(object) + f.offset;
}
inline void* member(void* object, const Field& f) { return static_cast<char*>(object) + f.offset; }

/// The value behind an optional member, or nullptr where absent.
const void* optional_get(const Field& f, const void* p);
/// The value behind an optional member, made empty first where absent.
void* optional_ensure(const Field& f, void* p);
void optional_reset(const Field& f, void* p);
/// Makes a member of any shape empty: absent, without elements, zero.
void clear_field(const Field& f, void* p);

/// Where to decode the next value of this member into: the member, the optional's content, or a new list
/// element. Not for maps.
inline void* slot_of(const Field& f, void* p) {
  switch (f.shape) {
    case Shape::Optional:
      return optional_ensure(f, p);
    case Shape::List:
      return f.list->add(p);
    default:
      return p;
  }
}

}  // namespace mizzen::codec
