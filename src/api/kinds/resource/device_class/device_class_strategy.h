#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// DeviceClasses. One immutable object for the whole program.
const Strategy& device_class_strategy();

}  // namespace mizzen::api
