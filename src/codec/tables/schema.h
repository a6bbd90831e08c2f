#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/tables/containers.h"
#include "codec/tables/quantity.h"
#include "codec/tables/values.h"

/// The tables that generic code walks. The schema compiler writes one Message per proto message; every table
/// is constant data, built at compile time, and lives for the whole program. Threading: immutable.
namespace mizzen::codec {

/// What one value of a field is. The C++ type follows in the comment.
enum class Type : uint8_t {
  Bool,         // bool (uint8_t in lists)
  Int32,        // int32_t; also enums of CRI and etcd
  Int64,        // int64_t
  Uint32,       // uint32_t
  Uint64,       // uint64_t
  Double,       // double
  String,       // std::string
  Bytes,        // std::string; base64 in JSON
  Message,      // generated struct
  Time,         // Time, cut to seconds
  MicroTime,    // Time, cut to microseconds
  Span,         // Span: meta/v1 Duration
  Quantity,     // Quantity
  IntOrString,  // IntOrString
  RawJson,      // RawJson in a message with the bytes as field 1: RawExtension, FieldsV1, JSON
};

/// How often a value occurs.
enum class Shape : uint8_t {
  Value,     // T: always there, zero means empty
  Optional,  // std::optional<T>, Box<T> for messages: a Go pointer
  List,      // std::vector<T>
  Map,       // Map<T>
};

/// Marks of a field; see Field::flags.
enum Flag : uint32_t {
  kInline = 1u << 0,    ///< in JSON its fields stand in the enclosing object
  kAlways = 1u << 1,    ///< no omitempty: written even when empty
  kOmitZero = 1u << 2,  ///< a struct that is left out when zero
  kJsonOnly = 1u << 3,  ///< no protobuf form
  kRequired = 1u << 4,  ///< listed under `required` in OpenAPI
  kListAtomic = 1u << 5,
  kListSet = 1u << 6,
  kListMap = 1u << 7,
  kStructAtomic = 1u << 8,
  kPatchMerge = 1u << 9,
  kPatchReplace = 1u << 10,
  kPatchRetainKeys = 1u << 11,
  kEmptyArray = 1u << 12,  ///< an empty list is [] and not null where it is written
  kSkipZero = 1u << 13,    ///< proto3: zero is not written on the wire
};

struct Message;

/// Type-erased std::vector<T>.
struct ListOps {
  size_t (*size)(const void* list);
  const void* (*at)(const void* list, size_t i);
  void* (*add)(void* list);  ///< appends an empty element and returns it
  void (*clear)(void* list);
  size_t element_bytes;  ///< of one element, without what it owns
};

/// Type-erased Map<T>.
struct MapOps {
  size_t (*size)(const void* map);
  const std::string* (*key)(const void* map, size_t i);
  const void* (*value)(const void* map, size_t i);
  void* (*set)(void* map, std::string_view key);  ///< finds or inserts
  void (*clear)(void* map);
  /// Appends an entry without looking at the others; settle() has to follow before anything else is asked.
  /// The value stays where it is until the next call.
  void* (*append)(void* map, std::string_view key);
  /// Puts appended entries in order; of equal keys the last one stays. `twice`, where given, gets each key
  /// that came again, in the order they came.
  void (*settle)(void* map, std::vector<std::string>* twice);
  size_t entry_bytes;  ///< of one entry, without what it owns
};

/// One field of a message.
struct Field {
  std::string_view json;  ///< name in JSON; for inline messages the name of the C++ member
  uint32_t number;        ///< wire number; 0 with kJsonOnly
  uint32_t offset;        ///< of the member in its struct (JSON tables: of the outermost struct)
  Type type;
  Shape shape;
  uint32_t flags;
  const Message* message;          ///< of Type::Message
  const ListOps* list;             ///< of Shape::List
  const MapOps* map;               ///< of Shape::Map
  std::string_view list_keys;      ///< comma-separated keys of a list of type map
  std::string_view merge_key;      ///< of strategic merge patch
  std::string_view default_value;  ///< JSON text of the schema's default; empty where none
  std::string_view enum_values;    ///< comma-separated; empty where any string is taken
  std::string_view go_type;   ///< of the whole field in upstream's Go; empty where it follows from `type`
  std::string_view embedded;  ///< Go's names of the inlined messages on the way to it, each with a dot

  bool has(Flag f) const { return flags & f; }
};

/// A message whose JSON form is not an object of its fields.
enum class JsonForm : uint8_t {
  Object,
  List,           ///< field 1 is the list: ExtraValue, Verbs
  OrArray,        ///< JSONSchemaPropsOrArray
  OrBool,         ///< JSONSchemaPropsOrBool
  OrStringArray,  ///< JSONSchemaPropsOrStringArray
};

/// One message: its struct, and how to walk it.
struct Message {
  std::string_view name;        ///< Pod
  std::string_view package;     ///< api.core.v1, meta.v1
  std::span<const Field> wire;  ///< sorted by number; inline messages nested
  std::span<const Field> json;  ///< in JSON order; inline messages flattened
  std::span<const uint16_t>
      slots;  ///< hash of JSON names: 1 + index into json, 0 where free; size a power of two
  uint32_t slot_seed;
  uint32_t size;
  JsonForm form;
  int32_t metadata_offset;  ///< of an ObjectMeta named metadata; -1 where none
  void* (*create)();
  void (*destroy)(void*);
  void (*assign)(void* to, const void* from);
  void (*reset)(void*);

  /// The field of this JSON name; nullptr where unknown. Case matters.
  const Field* find_json(std::string_view name) const;
};

/// Hash of a JSON name; the schema compiler uses the same.
constexpr uint32_t slot_hash(std::string_view name, uint32_t seed) {
  uint32_t h = seed ^ 2166136261u;
  for (char c : name) h = (h ^ static_cast<uint8_t>(c)) * 16777619u;
  return h ^ (h >> 15);
}

/// Deep comparison of two structs of one message.
bool equal(const Message& m, const void* a, const void* b);
/// True where every field is empty.
bool is_empty(const Message& m, const void* object);

template <typename T>
inline constexpr ListOps kListOps = {
    [](const void* l) { return static_cast<const std::vector<T>*>(l)->size(); },
    [](const void* l, size_t i) -> const void* { return &(*static_cast<const std::vector<T>*>(l))[i]; },
    [](void* l) -> void* { return &static_cast<std::vector<T>*>(l)->emplace_back(); },
    [](void* l) { static_cast<std::vector<T>*>(l)->clear(); },
    sizeof(T),
};

template <typename T>
inline constexpr MapOps kMapOps = {
    [](const void* m) { return static_cast<const Map<T>*>(m)->size(); },
    [](const void* m, size_t i) {
      return &(static_cast<const Map<T>*>(m)->begin() + static_cast<ptrdiff_t>(i))->first;
    },
    [](const void* m, size_t i) -> const void* {
      return &(static_cast<const Map<T>*>(m)->begin() + static_cast<ptrdiff_t>(i))->second;
    },
    [](void* m, std::string_view key) -> void* { return &(*static_cast<Map<T>*>(m))[key]; },
    [](void* m) { static_cast<Map<T>*>(m)->clear(); },
    [](void* m, std::string_view key) -> void* { return &static_cast<Map<T>*>(m)->append(key); },
    [](void* m, std::vector<std::string>* twice) { static_cast<Map<T>*>(m)->settle(twice); },
    sizeof(typename Map<T>::Entry),
};

/// Box<T> seen without its T: the first and only member is the pointer.
inline const void* box_get(const void* box) { return *static_cast<void* const*>(box); }
inline void* box_ensure(const Message& m, void* box) {
  void*& p = *static_cast<void**>(box);
  if (!p) p = m.create();
  return p;
}
inline void box_reset(const Message& m, void* box) {
  void*& p = *static_cast<void**>(box);
  if (p) m.destroy(p);
  p = nullptr;
}

template <typename T>
const Message& message_of() {
  return T::descriptor();
}
template <typename T>
bool equal(const T& a, const T& b) {
  return equal(T::descriptor(), &a, &b);
}

}  // namespace mizzen::codec
