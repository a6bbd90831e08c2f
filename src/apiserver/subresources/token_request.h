#pragma once
#include "apiserver/subresources/part_request.h"

namespace mizzen::apiserver {

/// POST serviceaccounts/x/token. Takes a TokenRequest: answers with a token that stands for the account, for
/// as long as was asked, and while what it is bound to is there. Nothing is stored.
void issue_token(Core& core, const PartRequest& request, PartDone done);

}  // namespace mizzen::apiserver
