#pragma once
#include <vector>

#include "api/registry/registry.h"

namespace mizzen::api {

/// The table of built-in resources: names and versions from upstream, behaviour from the strategies of
/// kinds/.
std::vector<ResourceInfo> builtin_resources();

/// The same as a registry, one for the whole program.
const Registry& builtin();

/// The resource whose in-memory type is T.
template <typename T>
const ResourceInfo& resource_of() {
  return *builtin().find_message(T::descriptor());
}

}  // namespace mizzen::api
