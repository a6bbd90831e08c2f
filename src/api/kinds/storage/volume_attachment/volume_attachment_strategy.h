#pragma once
#include "api/strategy/strategy.h"

namespace mizzen::api {

/// VolumeAttachments. One immutable object for the whole program.
const Strategy& volume_attachment_strategy();

}  // namespace mizzen::api
