#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// EndpointSlices. One immutable object for the whole program.
const Strategy& endpoint_slice_strategy();

}  // namespace mizzen::api
