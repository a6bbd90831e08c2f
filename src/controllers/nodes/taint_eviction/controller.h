#pragma once
#include <memory>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::taint_eviction {

/// Takes pods off nodes with NoExecute taints that they do not bear, or bear no longer.
std::unique_ptr<Controller> make_taint_eviction_controller(Environment& env);

}  // namespace mizzen::controllers::taint_eviction
