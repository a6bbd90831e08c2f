#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// Nodes. One immutable object for the whole program.
const Strategy& node_strategy();

}  // namespace mizzen::api
