#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// ReplicationControllers. One immutable object for the whole program.
const Strategy& replication_controller_strategy();

}  // namespace mizzen::api
