#pragma once
#include "api/schema/resource/v1/resource_slice.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Devices of a slice. `old` is null on create. What stood in taints before is not looked at again.
void check_devices(const resource::v1::ResourceSliceSpec& spec, const resource::v1::ResourceSliceSpec* old,
                   const machinery::Path& at, machinery::FieldErrors& errors);
/// Counters that devices of a pool share.
void check_counter_sets(const std::vector<resource::v1::CounterSet>& sets, const machinery::Path& at,
                        machinery::FieldErrors& errors);

}  // namespace mizzen::api
