#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// ResourceClaimTemplates. One immutable object for the whole program.
const Strategy& resource_claim_template_strategy();

}  // namespace mizzen::api
