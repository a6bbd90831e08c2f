#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json/json_codec.h"
#include "codec/tables/schema.h"

namespace mizzen::codec {

/// Reads the protobuf wire form of message `m` into the empty struct `object`. Unknown fields are dropped, as
/// upstream. Errors: BadRequest on truncated or malformed bytes, on values that the type refuses, beyond
/// kProtoDepthMax; RequestEntityTooLarge beyond kDecodedBytesMin and kDecodedPerByte. Repeated scalars may
/// come packed or not. Costs: n log n.
Result<void> decode_proto(std::string_view bytes, const Message& m, void* object);

/// Appends the wire form: fields by number, maps sorted by key, as upstream's generated code writes them, so
/// that equal objects have equal bytes.
void encode_proto(std::string& out, const Message& m, const void* object);

inline constexpr int kProtoDepthMax = 100;

/// Upstream's envelope: the magic `k8s\0`, then runtime.Unknown around the object's bytes.
inline constexpr std::string_view kEnvelopeMagic{"k8s\0", 4};

/// What stands in an envelope; `raw` views into the input.
struct Envelope {
  TypeMeta type;
  std::string_view raw;
};
/// BadRequest where the magic or the envelope is malformed.
Result<Envelope> open_envelope(std::string_view bytes);
/// Appends the object in its envelope.
void encode_envelope(std::string& out, const TypeMeta& type, const Message& m, const void* object);
/// Appends an envelope around bytes that are encoded already.
void seal_envelope(std::string& out, const TypeMeta& type, std::string_view raw);

template <typename T>
Result<T> from_proto(std::string_view bytes) {
  T out;
  MZ_TRY(decode_proto(bytes, T::descriptor(), &out));
  return out;
}
template <typename T>
std::string to_proto(const T& value) {
  std::string out;
  encode_proto(out, T::descriptor(), &value);
  return out;
}

}  // namespace mizzen::codec
