#pragma once
#include "api/registry/registry.h"
#include "machinery/object/object.h"

namespace mizzen::api {

/// An object as `version` has it, as the in-memory type of `resource`. Pure.
machinery::MutableObject to_memory(const ResourceInfo& resource, const ServedVersion& version,
                                   machinery::MutableObject wire);
/// The other way.
machinery::MutableObject from_memory(const ServedVersion& version, const machinery::Object& object);

}  // namespace mizzen::api
