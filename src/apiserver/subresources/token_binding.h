#pragma once
#include "api/schema/authentication/v1/token_request.h"
#include "apiserver/registry/core.h"
#include "auth/tokens/claims.h"

namespace mizzen::apiserver {

/// Puts what a token is to be bound to into its claims: the pod, secret or node as it is now, of the account
/// that `context` names. NotFound where it is not there, BadRequest where it is of another kind or runs as
/// another account, Conflict where the reference names another uid.
Result<void> bind_token(Core& core, const RequestContext& context,
                        const api::authentication::v1::BoundObjectReference& reference,
                        auth::TokenClaims& claims);

/// The Conflict of a request that names an object by another uid.
Error uid_conflict(std::string_view group, std::string_view kind, const std::string& name, std::string why);

}  // namespace mizzen::apiserver
