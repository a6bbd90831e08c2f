#pragma once
#include "api/schema/core/v1/service.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Upstream's rules on services. `old` is null on create; what it has already is not looked at again.
void check_service(const core::v1::Service& service, const core::v1::Service* old,
                   machinery::FieldErrors& errors);
/// What may not change.
void check_service_change(const core::v1::Service& service, const core::v1::Service& old,
                          machinery::FieldErrors& errors);
void check_load_balancer(const core::v1::Service& service, const core::v1::Service& old,
                         machinery::FieldErrors& errors);

}  // namespace mizzen::api
