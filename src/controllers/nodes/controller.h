#pragma once
#include <memory>

#include "controllers/environment.h"

namespace mizzen::controllers::nodes {

/// Turns the conditions of nodes into taints, and says Unknown of nodes whose lease has run out.
std::unique_ptr<Controller> make_node_lifecycle_controller(Environment& env);

}  // namespace mizzen::controllers::nodes
