#pragma once
#include "apps/config/options.h"
#include "base/result.h"

namespace mizzen::apps {

/// Looks, before anything is made or started, whether this machine lets the server run: rights, ports,
/// programs, kernel. The first thing that is missing, with what to do about it; what it cannot see beforehand
/// is told by the start itself.
Result<void> preflight(const ServerOptions& options);
/// The same for an API server alone.
Result<void> preflight(const ApiOptions& options);

/// The same for a node alone.
Result<void> preflight(const NodeOptions& options);

}  // namespace mizzen::apps
