#pragma once
#include "api/schema/resource/v1/resource_slice.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Amounts that a claim may ask of a capacity: each a multiple of something, or one of a few.
void check_request_policy(const resource::v1::DeviceCapacity& capacity, const machinery::Path& at,
                          machinery::FieldErrors& errors);

}  // namespace mizzen::api
