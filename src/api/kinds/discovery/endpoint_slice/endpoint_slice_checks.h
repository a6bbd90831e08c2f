#pragma once
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

void check_slice_ports(const discovery::v1::EndpointSlice& slice, machinery::FieldErrors& errors);
void check_slice_endpoints(const discovery::v1::EndpointSlice& slice, machinery::FieldErrors& errors);

}  // namespace mizzen::api
