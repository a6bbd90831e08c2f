#pragma once
#include <map>
#include <string>
#include <vector>

#include "api/schema/core/v1/pod_spec.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Volumes by name, those whose name will do.
using VolumesByName = std::map<std::string, const core::v1::VolumeSource*>;

/// `pod_name` is empty for templates.
VolumesByName check_volumes(const std::vector<core::v1::Volume>& volumes, const std::string& pod_name,
                            const machinery::Path& at, machinery::FieldErrors& errors);

/// Where a reference to a field stands: what may be referred to differs.
enum class FieldRefPlace : uint8_t { Env, Volume };
void check_field_ref(const core::v1::ObjectFieldSelector& ref, FieldRefPlace place, const machinery::Path& at,
                     machinery::FieldErrors& errors);
void check_resource_ref(const core::v1::ResourceFieldSelector& ref, FieldRefPlace place,
                        const machinery::Path& at, machinery::FieldErrors& errors);

}  // namespace mizzen::api
