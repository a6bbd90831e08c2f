#pragma once
#include "machinery/errors/field_errors.h"
#include "machinery/schema/meta/v1/object_meta.h"

namespace mizzen::api {

/// Metadata of a template: labels and annotations, and nothing else.
void check_template_meta(const meta::v1::ObjectMeta& meta, const machinery::Path& at,
                         machinery::FieldErrors& errors);

}  // namespace mizzen::api
