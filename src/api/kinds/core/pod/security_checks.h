#pragma once
#include "api/schema/core/v1/pod_spec.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

void check_pod_security(const core::v1::PodSpec& spec, const machinery::Path& at,
                        machinery::FieldErrors& errors);
void check_container_security(const codec::Box<core::v1::SecurityContext>& context, bool host_users,
                              const machinery::Path& at, machinery::FieldErrors& errors);
/// What pods of the other operating system may not have set; `at` is the pod spec's path.
void check_operating_system(const core::v1::PodSpec& spec, const machinery::Path& at,
                            machinery::FieldErrors& errors);

}  // namespace mizzen::api
