#pragma once
#include "api/strategy/strategy.h"

/// Strategies of workloads and of the small groups beside them.
namespace mizzen::api {

const Strategy& deployment_strategy();
const Strategy& replica_set_strategy();
const Strategy& controller_revision_strategy();
const Strategy& lease_strategy();
const Strategy& endpoint_slice_strategy();
const Strategy& priority_class_strategy();

}  // namespace mizzen::api
