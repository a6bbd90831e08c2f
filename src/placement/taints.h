#pragma once
#include <initializer_list>
#include <string_view>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"

namespace mizzen::placement {

/// The first taint with one of these effects that the pod does not tolerate; null where there is none. Pure.
const api::core::v1::Taint* untolerated(const std::vector<api::core::v1::Taint>& taints,
                                        const std::vector<api::core::v1::Toleration>& tolerations,
                                        std::initializer_list<std::string_view> effects);

}  // namespace mizzen::placement
