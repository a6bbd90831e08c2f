#pragma once
#include "apiserver/subresources/part_request.h"

namespace mizzen::apiserver {

/// POST pods/x/binding, and the resource bindings: the scheduler's decision, once. Takes a Binding. Conflict
/// with upstream's text for pods that are bound, going or gated.
void bind_pod(Core& core, const PartRequest& request, PartDone done);

}  // namespace mizzen::apiserver
