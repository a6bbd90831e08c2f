#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/json_reader.h"
#include "codec/tables/decode_report.h"
#include "codec/tables/schema.h"

namespace mizzen::codec {

/// kind and apiVersion as they stand in a document.
struct TypeMeta {
  std::string api_version;
  std::string kind;
  friend bool operator==(const TypeMeta&, const TypeMeta&) = default;
};

/// What a document may become: its structs take at most kDecodedBytesMin, or kDecodedPerByte for each byte of
/// the text where that is more. Beyond it is refused: RequestEntityTooLarge.
inline constexpr size_t kDecodedBytesMin = 64u << 20;
inline constexpr size_t kDecodedPerByte = 40;
/// Messages within messages; deeper is BadRequest.
inline constexpr int kMessageDepthMax = 200;

/// Reads one JSON document into the struct `object` of message `m`, in which the fields that it names must be
/// empty; the others stay as they are. kind and apiVersion at the top go to `type` where given. Field names
/// are matched with case; null leaves a field empty. Errors: BadRequest with Go's text (`json: cannot
/// unmarshal string into Go struct field PodSpec.spec.x of type int32`): of the syntax before anything else,
/// then of the first value that its type refuses for good (a quantity, a time), then of the first value of
/// the wrong kind. Costs: n log n. Bounds: the above, JsonReader's. Unknown and duplicate fields are no
/// errors: they are reported, the last one wins.
Result<void> decode_json(std::string_view text, const Message& m, void* object, TypeMeta* type = nullptr,
                         DecodeReport* report = nullptr);

/// The kind and apiVersion of a document, and nothing else of it, as upstream looks before it decodes: names
/// without regard to case. Empty where missing. Errors: BadRequest, upstream's `couldn't get version/kind;
/// json parse error`.
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
