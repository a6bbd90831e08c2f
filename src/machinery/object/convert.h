#pragma once
#include "codec/tables/schema.h"

namespace mizzen::machinery {

/// Copies what two messages have in common: fields of the same JSON name, shape and type, and messages below
/// them likewise. This is how the versions of a kind turn into each other; where they differ by more than
/// missing fields, the kind's conversion adds what is needed. `to` keeps the values of fields that `from`
/// lacks.
void convert_by_name(const codec::Message& from_message, const void* from, const codec::Message& to_message,
                     void* to);

}  // namespace mizzen::machinery
