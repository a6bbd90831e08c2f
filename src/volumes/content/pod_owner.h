#pragma once
#include <cstdint>
#include <optional>

#include "api/schema/core/v1/pod.h"

namespace mizzen::volumes {

/// securityContext.fsGroup: the group that owns what the pod's volumes hold.
std::optional<int64_t> fs_group(const api::core::v1::Pod& pod);
/// The user that all containers of the pod run as, by its spec; nothing where one of them names none or
/// another.
std::optional<int64_t> fs_user(const api::core::v1::Pod& pod);

}  // namespace mizzen::volumes
