#pragma once
#include <string>

#include "codec/tables/schema.h"
#include "machinery/errors/field_errors.h"

/// Objects as upstream's error texts print them: the JSON of Go structs without tags, so that names are Go's
/// and nothing is left out. {"Name":"d","NodeID":"n","TopologyKeys":null}
namespace mizzen::api {

std::string go_object(const codec::Message& message, const void* object);
template <typename T>
std::string go_object(const T& object) {
  return go_object(T::descriptor(), &object);
}

/// The same of a list.
template <typename T>
std::string go_list(const std::vector<T>& list) {
  if (list.empty()) return "null";
  std::string out = "[";
  for (const T& each : list) out += (out.size() > 1 ? "," : "") + go_object(each);
  return out + "]";
}

/// What may not change, and did.
template <typename T>
void check_immutable(const T& now, const T& old, const machinery::Path& at, machinery::FieldErrors& errors) {
  if (!codec::equal(now, old)) errors.invalid_raw(at, go_object(now), "field is immutable");
}

}  // namespace mizzen::api
