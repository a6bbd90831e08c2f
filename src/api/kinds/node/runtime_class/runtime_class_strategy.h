#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// RuntimeClasses. One immutable object for the whole program.
const Strategy& runtime_class_strategy();

}  // namespace mizzen::api
