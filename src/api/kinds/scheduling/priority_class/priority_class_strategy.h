#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// PriorityClasses. One immutable object for the whole program.
const Strategy& priority_class_strategy();

}  // namespace mizzen::api
