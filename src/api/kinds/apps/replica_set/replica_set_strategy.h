#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// ReplicaSets. One immutable object for the whole program.
const Strategy& replica_set_strategy();

}  // namespace mizzen::api
