#pragma once
#include <memory>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::deployment {

/// Rolls each Deployment's ReplicaSets to its template and size.
std::unique_ptr<Controller> make_deployment_controller(Environment& env);

}  // namespace mizzen::controllers::deployment
