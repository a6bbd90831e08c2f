#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// Leases. One immutable object for the whole program.
const Strategy& lease_strategy();

}  // namespace mizzen::api
