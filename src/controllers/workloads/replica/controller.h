#pragma once
#include <memory>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::replica {

/// Keeps the pods of each ReplicaSet at its number.
std::unique_ptr<Controller> make_replica_set_controller(Environment& env);
/// The same for ReplicationControllers.
std::unique_ptr<Controller> make_replication_controller(Environment& env);

}  // namespace mizzen::controllers::replica
