#pragma once
#include <string_view>

#include "api/schema/core/v1/pod.h"

namespace mizzen::api {

/// Guaranteed, Burstable or BestEffort, from cpu and memory of the pod as a whole where it names them, else
/// of its containers.
std::string_view qos_class(const core::v1::PodSpec& spec);

}  // namespace mizzen::api
