#pragma once
#include <vector>

#include "api/registry/registry.h"
#include "rest/discovery/served.h"

namespace mizzen::rest {

/// What turns one registry into the next.
struct RegistrySteps {
  std::vector<api::ResourcePtr> remove;
  std::vector<api::ResourceInfo> add;  ///< after what is removed
};

/// How `now` becomes the registry of a server that serves `served`: of `known`, what is among it, spoken in
/// the first of their versions that the server has; of all else that can be listed and watched, the metadata
/// (its message is PartialObjectMetadata). What has not changed stays the same resource. Pure.
RegistrySteps steps_to(const std::vector<ServedResource>& served, const api::Registry& known,
                       const api::Registry& now);

}  // namespace mizzen::rest
