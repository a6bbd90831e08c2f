#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// PodTemplates. One immutable object for the whole program.
const Strategy& pod_template_strategy();

}  // namespace mizzen::api
