#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// CSIStorageCapacities. One immutable object for the whole program.
const Strategy& csi_storage_capacity_strategy();

}  // namespace mizzen::api
