#pragma once
#include "codec/tables/values.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// A number of things that is not negative, or a percentage; with `at_most_all` not above 100%.
void check_count_or_percent(const codec::IntOrString& value, const machinery::Path& at, bool at_most_all,
                            machinery::FieldErrors& errors);

}  // namespace mizzen::api
