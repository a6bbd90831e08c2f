#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// ResourceClaims. One immutable object for the whole program.
const Strategy& resource_claim_strategy();

}  // namespace mizzen::api
