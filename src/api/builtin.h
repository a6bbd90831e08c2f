#pragma once
#include <vector>

#include "api/registry/registry.h"

/// The composition of the kinds. Only those who compose a program read it, and tests: all others are given
/// the registry they work with.
namespace mizzen::api {

/// The table of built-in resources: names and versions from upstream, behaviour from the strategies of
/// kinds/.
std::vector<ResourceInfo> builtin_resources();

/// The same as a registry, made at the first call.
const RegistryPtr& builtin();

/// The built-in resource whose in-memory type is T.
template <typename T>
const ResourceInfo& resource_of() {
  return *builtin()->find<T>();
}

}  // namespace mizzen::api
