#pragma once
#include <rocksdb/file_system.h>

#include <memory>

#include "sim/disk/medium.h"

namespace mizzen::sim {

/// The engine's files, on a medium of ours.
std::shared_ptr<rocksdb::FileSystem> files_on(std::shared_ptr<Medium> medium);

}  // namespace mizzen::sim
