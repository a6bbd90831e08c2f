#pragma once
#include <string>
#include <string_view>

#include "codec/tables/schema.h"

namespace mizzen::codec {

/// Appends the JSON of an object of message `m` from its protobuf bytes, without making the object: the same
/// text as decode_proto() and encode_json(). The bytes must be those of encode_proto(): it aborts on
/// malformed ones, and takes repeated fields to stand together and maps to be sorted. Threading: thread-safe.
/// Cost: linear in the bytes; no allocation but of `out`.
void proto_to_json(std::string& out, const Message& m, std::string_view bytes);

}  // namespace mizzen::codec
