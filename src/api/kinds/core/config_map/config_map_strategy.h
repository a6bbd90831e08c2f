#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// ConfigMaps. One immutable object for the whole program.
const Strategy& config_map_strategy();

}  // namespace mizzen::api
