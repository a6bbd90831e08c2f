#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// PersistentVolumeClaims. One immutable object for the whole program.
const Strategy& persistent_volume_claim_strategy();

}  // namespace mizzen::api
