#pragma once
#include <optional>

#include "codec/json/json_part.h"
#include "codec/json/tree.h"

/// What a patch touches. Threading: pure.
namespace mizzen::machinery {

/// The fields of `m` that a merge patch or a strategic merge patch works on: as deep as both go through
/// messages, and the whole of a list or a map. Applied to these fields alone it does what it does to the
/// whole object. Nothing where that cannot be told (a directive for a whole object, a name that is no field):
/// then the whole object has to be worked on. Linear in the patch.
std::optional<codec::Part> part_of_patch(const codec::Value& patch, const codec::Message& m);

}  // namespace mizzen::machinery
