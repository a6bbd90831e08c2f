#pragma once
#include "apps/config/hollow_options.h"
#include "apps/config/options.h"
#include "base/result.h"

namespace mizzen::apps {

// Each runs its role until SIGTERM or SIGINT. Errors before it is up are one clear line.
Result<void> run_server(const ServerOptions& options);
Result<void> run_apiserver(const ApiServerOptions& options);
Result<void> run_controller_manager(const ComponentOptions& options);
Result<void> run_scheduler(const ComponentOptions& options);
/// A node of an API server elsewhere.
Result<void> run_kubelet(const AgentOptions& options);
/// A server that is away is waited for.
Result<void> run_hollow_nodes(const HollowOptions& options);
/// Takes what a stopped server left on this machine off it.
Result<void> run_down(const NodeOptions& node);

}  // namespace mizzen::apps
