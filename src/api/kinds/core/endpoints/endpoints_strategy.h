#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// Endpoints. One immutable object for the whole program.
const Strategy& endpoints_strategy();

}  // namespace mizzen::api
