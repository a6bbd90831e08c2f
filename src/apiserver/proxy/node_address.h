#pragma once
#include "api/schema/core/v1/node.h"
#include "base/result.h"
#include "http/message/url.h"

namespace mizzen::apiserver {

/// Where a node's kubelet is called: TLS for the node's name, at the internal (else the external) address
/// that the node registered; a name is never looked up, so nothing can change between check and use. A node
/// object may be written by a node that was taken over: addresses that lead into this machine, to a link's
/// own services (cloud metadata among them) or to many are refused, except loopback for the node of this
/// process. Pure.
Result<http::Target> kubelet_target(const api::core::v1::Node& node, bool loopback_allowed);

}  // namespace mizzen::apiserver
