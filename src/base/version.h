#pragma once
#include <string_view>

namespace mizzen {

/// What `mizzen version` and /version say; filled in by the build.
extern const std::string_view kVersion;    ///< 0.1.0
extern const std::string_view kCommit;     ///< git commit, or "unknown" outside a checkout
extern const std::string_view kBuildDate;  ///< of the commit: builds of one commit are equal
extern const std::string_view kCompiler;

}  // namespace mizzen
