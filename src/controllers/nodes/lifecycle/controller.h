#pragma once
#include <memory>

#include "controllers/framework/environment.h"
#include "controllers/nodes/lifecycle/decide.h"

namespace mizzen::controllers::nodes {

/// What operators may set of it.
struct LifecycleOptions {
  Duration grace = kGracePeriod;  ///< a node that is quiet for longer is Unknown
};

/// Turns the conditions of nodes into taints, and says Unknown of nodes whose lease has run out.
std::unique_ptr<Controller> make_node_lifecycle_controller(Environment& env, LifecycleOptions options);

}  // namespace mizzen::controllers::nodes
