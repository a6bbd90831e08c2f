#pragma once
#include "api/schema/core/v1/persistent_volume_claim_spec.h"
#include "machinery/errors/field_errors.h"

/// What is claimed of storage, as it stands in claims and in pods that make claims of their own.
namespace mizzen::api {

void default_volume_claim(core::v1::PersistentVolumeClaimSpec& spec);
void check_volume_claim(const core::v1::PersistentVolumeClaimSpec& spec, const machinery::Path& at,
                        machinery::FieldErrors& errors);

}  // namespace mizzen::api
