#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// ResourceSlices. One immutable object for the whole program.
const Strategy& resource_slice_strategy();

}  // namespace mizzen::api
