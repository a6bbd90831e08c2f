#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// ControllerRevisions. One immutable object for the whole program.
const Strategy& controller_revision_strategy();

}  // namespace mizzen::api
