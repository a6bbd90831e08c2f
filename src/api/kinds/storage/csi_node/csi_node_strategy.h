#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// CSINodes. One immutable object for the whole program.
const Strategy& csi_node_strategy();

}  // namespace mizzen::api
