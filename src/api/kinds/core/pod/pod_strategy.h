#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// Pods. One immutable object for the whole program.
const Strategy& pod_strategy();

}  // namespace mizzen::api
