#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// CSIDrivers. One immutable object for the whole program.
const Strategy& csi_driver_strategy();

}  // namespace mizzen::api
