#pragma once
#include <memory>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::namespaces {

/// Empties namespaces that are being deleted, then lets them go.
std::unique_ptr<Controller> make_namespace_controller(Environment& env);

}  // namespace mizzen::controllers::namespaces
