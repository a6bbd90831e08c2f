#pragma once
#include "api/schema/resource/v1/resource_claim.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// What devices of a claim say goes with their allocation.
void drop_deallocated(resource::v1::ResourceClaimStatus& status,
                      const resource::v1::ResourceClaimStatus& old);
/// A change of a claim's status.
void check_claim_status(const resource::v1::ResourceClaim& claim, const resource::v1::ResourceClaim& old,
                        machinery::FieldErrors& errors);

}  // namespace mizzen::api
