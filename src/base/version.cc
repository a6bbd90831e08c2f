#include "base/version.h"

namespace mizzen {
const std::string_view kVersion = MIZZEN_VERSION;
const std::string_view kCommit = MIZZEN_COMMIT;
const std::string_view kBuildDate = MIZZEN_COMMIT_DATE;
#if defined(__clang__)
const std::string_view kCompiler = "clang";
#else
const std::string_view kCompiler = "gcc";
#endif
}  // namespace mizzen
