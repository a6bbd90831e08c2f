#pragma once
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "volumes/content/payload.h"

namespace mizzen::volumes {

/// Puts a payload into `folder` so that who reads through the folder sees the old payload or the new one,
/// whole, also after a crash at any point. Layout, upstream's, which programs in pods rely on:
///   folder/name  -> ..data/name          one link for each first path component
///   folder/..data -> ..2026_11_22_…      renamed in one step
/// True where something changed. Paths that are absolute, empty, too long, contain `..` or start with it are
/// refused with BadRequest before anything is written. `group`, where given, owns the files, which it may
/// then read.
Result<bool> write_payload(const std::string& folder, const Payload& payload, WallTime now, Random& random,
                           std::optional<int64_t> group = {});

}  // namespace mizzen::volumes
