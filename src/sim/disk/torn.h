#pragma once
#include "sim/disk/medium.h"

namespace mizzen::sim {

/// What a loss of power leaves of a file's bytes: all that was synced, and of the rest what chance lets
/// through, by sectors. A pure function of the two.
Content torn(const Medium::File& file, uint64_t seed);

}  // namespace mizzen::sim
