#pragma once
#include "apps/commands.h"
#include "base/result.h"

namespace mizzen::apps {

/// Looks, before anything is made or started, whether this machine lets the server run: rights, ports,
/// programs, kernel. The first thing that is missing, with what to do about it; what it cannot see beforehand
/// is told by the start itself.
Result<void> preflight(const ServerOptions& options);

}  // namespace mizzen::apps
