#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// Secrets. One immutable object for the whole program.
const Strategy& secret_strategy();

}  // namespace mizzen::api
