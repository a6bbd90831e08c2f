#pragma once
#include <optional>
#include <vector>

#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/toleration.h"
#include "base/clock.h"

/// Which taints a pod bears, and for how long; pure. The scheduler, the kubelet and taint eviction agree on
/// these.
namespace mizzen::api {

/// Bears the taint at all: effect, key and value match. An empty key with Exists matches every taint.
bool tolerates(const core::v1::Toleration& toleration, const core::v1::Taint& taint);
/// One of them bears the taint.
bool tolerates(const std::vector<core::v1::Toleration>& tolerations, const core::v1::Taint& taint);

/// How long a pod may stay under NoExecute taints: zero where one is not borne, Duration::max() for ever. A
/// negative tolerationSeconds counts as zero.
Duration borne_for(const std::vector<core::v1::Toleration>& tolerations,
                   const std::vector<core::v1::Taint>& taints);

}  // namespace mizzen::api
