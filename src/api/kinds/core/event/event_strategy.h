#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// Events, in both APIs. One immutable object for the whole program.
const Strategy& event_strategy();

}  // namespace mizzen::api
