#pragma once
#include "apiserver/subresources/part_request.h"

namespace mizzen::apiserver {

/// POST tokenreviews: whom a token stands for. A token that is no good is told in the answer, not an error.
void review_token(Core& core, const PartRequest& request, PartDone done);
/// POST selfsubjectreviews: who asks.
void review_self(Core& core, const PartRequest& request, PartDone done);

}  // namespace mizzen::apiserver
