#pragma once
#include <memory>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::endpoints {

/// Endpoints and EndpointSlices of every service with a selector.
std::unique_ptr<Controller> make_endpoints_controller(Environment& env);

}  // namespace mizzen::controllers::endpoints
