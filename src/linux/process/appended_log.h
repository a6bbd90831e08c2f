#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace mizzen::linux {

/// Bounds a log that another process appends to and never opens anew: where PATH is longer than `bytes_max`,
/// its last `bytes_max` bytes become PATH.1, in place of an earlier one, and PATH is empty again. What is
/// written in between is lost. True where it was done. Blocks on the disk.
Result<bool> bound_appended_log(const std::string& path, uint64_t bytes_max);

}  // namespace mizzen::linux
