#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// PersistentVolumes. One immutable object for the whole program.
const Strategy& persistent_volume_strategy();

}  // namespace mizzen::api
