#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// Deployments. One immutable object for the whole program.
const Strategy& deployment_strategy();

}  // namespace mizzen::api
