#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// PodDisruptionBudgets. One immutable object for the whole program.
const Strategy& pod_disruption_budget_strategy();

}  // namespace mizzen::api
