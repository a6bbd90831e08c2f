#pragma once
#include "apiserver/subresources/part_request.h"

namespace mizzen::apiserver {

/// GET, PUT and PATCH of a workload's scale; takes and shows an autoscaling/v1 Scale.
void scale_workload(Core& core, const PartRequest& request, PartDone done);

}  // namespace mizzen::apiserver
