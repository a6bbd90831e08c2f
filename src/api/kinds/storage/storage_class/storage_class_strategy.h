#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// StorageClasses. One immutable object for the whole program.
const Strategy& storage_class_strategy();

}  // namespace mizzen::api
