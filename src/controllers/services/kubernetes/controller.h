#pragma once
#include <memory>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::kubernetes_service {

/// Keeps `kubernetes` in `default` pointing at this API server.
std::unique_ptr<Controller> make_kubernetes_service_controller(Environment& env, ApiAddress at);

}  // namespace mizzen::controllers::kubernetes_service
