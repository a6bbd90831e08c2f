#pragma once
#include "api/schema/core/v1/pod_spec.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Where pods may go: affinities, tolerations, spreading. `at` is the path of the field.
void check_affinity(const core::v1::Affinity& affinity, const machinery::Path& at,
                    machinery::FieldErrors& errors);
void check_tolerations(const std::vector<core::v1::Toleration>& tolerations, const machinery::Path& at,
                       machinery::FieldErrors& errors);
void check_spread(const std::vector<core::v1::TopologySpreadConstraint>& constraints,
                  const machinery::Path& at, machinery::FieldErrors& errors);

}  // namespace mizzen::api
