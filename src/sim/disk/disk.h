#pragma once
#include <functional>
#include <memory>
#include <string>

#include "sim/disk/medium.h"
#include "store/embedded/disk.h"

namespace mizzen::sim {

/// Role: a disk under an embedded store of the simulation, for one life of it. The engine's calls are not
/// interrupted; between them its work in the background runs, and memory is written to files, as chance has
/// it. Threading: of the simulation's thread; the engine's one thread joins in.
/// `before_write`: what else happens before a write, such as waiting.
std::shared_ptr<store::Disk> disk_on(std::shared_ptr<Medium> medium, const Clock& clock, Random& random,
                                     std::function<void()> before_write);

}  // namespace mizzen::sim
