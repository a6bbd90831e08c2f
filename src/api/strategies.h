#pragma once
#include <vector>

#include "api/registry/registry.h"

namespace mizzen::api {

/// The table of built-in resources: names and versions from upstream, behaviour from the strategies below.
std::vector<ResourceInfo> builtin_resources();

}  // namespace mizzen::api
