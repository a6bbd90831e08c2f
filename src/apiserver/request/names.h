#pragma once
#include "auth/request/request_context.h"
#include "machinery/schema/meta/v1/object_meta.h"

/// What a request's body and its URL say of the object must agree. BadRequest with upstream's texts.
namespace mizzen::apiserver {

/// The name has to stand in the body.
Result<void> match_name(const auth::RequestContext& context, const meta::v1::ObjectMeta& meta);
/// Fills in the namespace where the body leaves it out; a cluster-wide object loses its own.
Result<void> match_namespace(const auth::RequestContext& context, meta::v1::ObjectMeta& meta);

}  // namespace mizzen::apiserver
