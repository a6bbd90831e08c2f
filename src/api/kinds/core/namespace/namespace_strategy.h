#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// Namespaces. One immutable object for the whole program.
const Strategy& namespace_strategy();

}  // namespace mizzen::api
