#pragma once
#include "api/schema/core/v1/persistent_volume_claim.h"
#include "machinery/errors/field_errors.h"

/// What may change in a claim.
namespace mizzen::api {

/// Drops sources that older releases dropped too, and fills in the one form of a source from the other. `old`
/// is null on create.
void settle_data_sources(core::v1::PersistentVolumeClaimSpec& spec,
                         const core::v1::PersistentVolumeClaimSpec* old);
void check_claim_change(const core::v1::PersistentVolumeClaim& claim,
                        const core::v1::PersistentVolumeClaim& old, machinery::FieldErrors& errors);
void check_claim_status(const core::v1::PersistentVolumeClaim& claim, machinery::FieldErrors& errors);

}  // namespace mizzen::api
