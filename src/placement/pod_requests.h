#pragma once
#include "api/schema/core/v1/pod.h"
#include "placement/amounts.h"

namespace mizzen::placement {

using api::core::v1::Pod;

/// What a pod asks of its node: the larger of what runs together and of the busiest moment of initialisation,
/// what is said of the pod as a whole before what is said of its containers, and its overhead. `defaults`:
/// for scores alone: containers that ask for no CPU or memory count with 100m and 200 MiB. Pure.
Amounts requests_of(const Pod& pod, bool defaults = false);

}  // namespace mizzen::placement
