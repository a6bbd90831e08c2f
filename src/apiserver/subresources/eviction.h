#pragma once
#include "apiserver/subresources/part_request.h"

namespace mizzen::apiserver {

/// POST pods/x/eviction. Takes an Eviction: deletes the pod where its disruption budget lets it go, after it
/// has said in the pod why.
void evict_pod(Core& core, const PartRequest& request, PartDone done);

}  // namespace mizzen::apiserver
