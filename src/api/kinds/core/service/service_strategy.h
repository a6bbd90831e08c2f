#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// Services. One immutable object for the whole program.
const Strategy& service_strategy();

}  // namespace mizzen::api
