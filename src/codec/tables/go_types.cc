#include "codec/tables/go_types.h"

#include <fmt/format.h>

namespace mizzen::codec {
namespace {

/// The type of one value, as it follows from the schema alone.
std::string plain_type(const Field& f) {
  switch (f.type) {
    case Type::Bool:
      return "bool";
    case Type::Int32:
      return "int32";
    case Type::Int64:
      return "int64";
    case Type::Uint32:
      return "uint32";
    case Type::Uint64:
      return "uint64";
    case Type::Double:
      return "float64";
    case Type::Bytes:
      return "[]uint8";
    case Type::Message:
      return go_type(*f.message);
    case Type::Time:
      return "v1.Time";
    case Type::MicroTime:
      return "v1.MicroTime";
    case Type::Span:
      return "v1.Duration";
    case Type::Quantity:
      return "resource.Quantity";
    case Type::IntOrString:
      return "intstr.IntOrString";
    case Type::RawJson:
      return f.json == "fieldsV1" ? "v1.FieldsV1" : "runtime.RawExtension";
    case Type::String:
      break;
  }
  return "string";
}

}  // namespace

std::string go_type(const Message& m) {
  return fmt::format("{}.{}", m.package.substr(m.package.rfind('.') + 1), m.name);
}

std::string go_type(const Field& f) {
  if (!f.go_type.empty()) return std::string(f.go_type);
  const std::string element = plain_type(f);
  return f.shape == Shape::List ? "[]" + element : f.shape == Shape::Map ? "map[string]" + element : element;
}

std::string go_element_type(const Field& f) {
  std::string_view whole = f.go_type;
  if (f.shape == Shape::List && whole.starts_with("[]")) return std::string(whole.substr(2));
  if (f.shape == Shape::Map && whole.starts_with("map["))
    return std::string(whole.substr(whole.find(']') + 1));
  if (f.shape == Shape::List || f.shape == Shape::Map) return plain_type(f);
  return go_type(f);
}

}  // namespace mizzen::codec
