#pragma once
#include "api/schema/core/v1/pod.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// What a pod's status says of its containers once nothing of the pod runs any more: a container that
/// should have ended and left no trace of it is told as ended with an error, as upstream does, and not as
/// waiting for ever. Those of a pod that never came so far (its init containers did not complete) stay as
/// they are. Pure.
api::core::v1::PodStatus last_status(const Pod& pod, api::core::v1::PodStatus status);

}  // namespace mizzen::kubelet
