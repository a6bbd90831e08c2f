#pragma once
#include <string>
#include <string_view>

#include "api/schema/core/v1/pod.h"
#include "base/result.h"

namespace mizzen::volumes {

/// Pure. What a field path says of a pod, as upstream's downward API prints it: metadata.name, .namespace,
/// .uid, .labels, .annotations (as lines `key="value"`), metadata.labels['key'], metadata.annotations['key'];
/// and for environment variables spec.nodeName, spec.serviceAccountName, status.hostIP(s), status.podIP(s).
/// BadRequest for any other path.
Result<std::string> pod_field(const api::core::v1::Pod& pod, std::string_view path);

/// What the node can give, where a container names no limit.
using Allocatable = codec::Map<codec::Quantity>;

/// Pure. A container's limits.cpu, requests.memory ... divided by the divisor and rounded up. An absent limit
/// is the node's allocatable amount.
Result<std::string> resource_field(const api::core::v1::Pod& pod, const std::string& container,
                                   const api::core::v1::ResourceFieldSelector& selector,
                                   const Allocatable& allocatable);

}  // namespace mizzen::volumes
