#pragma once
#include <vector>

#include "machinery/errors/field_errors.h"
#include "machinery/schema/meta/v1/condition.h"

namespace mizzen::api {

/// Conditions of the form that all newer kinds share.
void check_conditions(const std::vector<meta::v1::Condition>& conditions, const machinery::Path& at,
                      machinery::FieldErrors& errors);

}  // namespace mizzen::api
