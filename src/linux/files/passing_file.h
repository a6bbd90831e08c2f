#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace mizzen::linux {

/// As write_file(), for what counts for nothing after the next boot, such as what is mounted into a
/// container: a reader sees the old file or the new one, and nothing is synced to the disk.
Result<void> write_passing_file(const std::string& path, std::string_view bytes, unsigned mode = 0644);

}  // namespace mizzen::linux
