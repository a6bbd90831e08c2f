#pragma once
#include <memory>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::garbage {

/// Deletes objects whose owners are gone, and carries out foreground and orphan deletion.
std::unique_ptr<Controller> make_garbage_collector(Environment& env);

}  // namespace mizzen::controllers::garbage
