#pragma once
#include "apiserver/subresources/part_request.h"

namespace mizzen::apiserver {

/// PUT namespaces/x/finalize: only spec.finalizers; the namespace goes with its last one.
void finalize_namespace(Core& core, const PartRequest& request, PartDone done);

}  // namespace mizzen::apiserver
