#pragma once
#include "apiserver/subresources/part_request.h"

namespace mizzen::apiserver {

/// POST pods/x/eviction. Takes an Eviction. No disruption budgets yet: every eviction is a deletion.
void evict_pod(Core& core, const PartRequest& request, PartDone done);

}  // namespace mizzen::apiserver
