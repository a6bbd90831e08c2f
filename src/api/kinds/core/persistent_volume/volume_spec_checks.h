#pragma once
#include <string>

#include "api/schema/core/v1/persistent_volume_source.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Where the specification of a volume stands: in a volume, or in an attachment of one that has none.
enum class VolumePlace : uint8_t { Volume, Inline };

/// `name` is the volume's.
void check_volume_spec(const core::v1::PersistentVolumeSpec& spec, const std::string& name, VolumePlace place,
                       const machinery::Path& at, machinery::FieldErrors& errors);

}  // namespace mizzen::api
