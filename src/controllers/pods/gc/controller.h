#pragma once
#include <memory>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::pod_gc {

/// Takes away pods that no kubelet will: of nodes that are gone, never bound, or finished and too many.
std::unique_ptr<Controller> make_pod_garbage_collector(Environment& env, int32_t finished_max);

}  // namespace mizzen::controllers::pod_gc
