#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/json_reader.h"
#include "codec/tables/schema.h"

namespace mizzen::codec {

/// What a decoder found beside the object: fields that the schema lacks and fields given twice, as upstream's
/// strict decoding reports them: `unknown field "spec.foo"`, `duplicate field "spec.replicas"`. Bounds:
/// kProblemsMax are kept, further ones are only counted.
struct DecodeReport {
  static constexpr size_t kProblemsMax = 100;
  std::vector<std::string> problems;
  size_t total = 0;
};

/// kind and apiVersion as they stand in a document.
struct TypeMeta {
  std::string api_version;
  std::string kind;
  friend bool operator==(const TypeMeta&, const TypeMeta&) = default;
};

/// Reads one JSON document into the struct `object` of message `m`, which must be empty. kind and apiVersion
/// at the top go to `type` where given. Field names are matched with case; null leaves a field empty. Errors:
/// BadRequest with Go's text (`json: cannot unmarshal string into Go struct field PodSpec.spec.x of type
/// int32`). Bounds: JsonReader's. Unknown and duplicate fields are no errors: they are reported, the last one
/// wins.
Result<void> decode_json(std::string_view text, const Message& m, void* object, TypeMeta* type = nullptr,
                         DecodeReport* report = nullptr);

/// The kind and apiVersion of a document, and nothing else of it. Empty where missing.
Result<TypeMeta> peek_type(std::string_view text);

/// Appends the JSON of `object`; `type`, where given, comes first in it. No newline at the end.
void encode_json(std::string& out, const Message& m, const void* object, const TypeMeta* type = nullptr);

template <typename T>
Result<T> from_json(std::string_view text) {
  T out;
  MZ_TRY(decode_json(text, T::descriptor(), &out));
  return out;
}
template <typename T>
std::string to_json(const T& value) {
  std::string out;
  encode_json(out, T::descriptor(), &value);
  return out;
}

}  // namespace mizzen::codec
