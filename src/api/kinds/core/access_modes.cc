#include "api/kinds/core/access_modes.h"

#include <algorithm>

namespace mizzen::api {
namespace {

struct Mode {
  const char* name;
  const char* text;
};

/// In the order in which they are shown.
constexpr Mode kModes[] = {{"ReadWriteOnce", "RWO"},
                           {"ReadOnlyMany", "ROX"},
                           {"ReadWriteMany", "RWX"},
                           {"ReadWriteOncePod", "RWOP"}};

bool is_known(const std::string& mode) {
  return std::any_of(std::begin(kModes), std::end(kModes), [&](const Mode& m) { return m.name == mode; });
}

}  // namespace

void check_access_modes(const std::vector<std::string>& modes, const machinery::Path& at,
                        machinery::FieldErrors& errors) {
  bool alone = false, others = false;
  for (const std::string& mode : modes) {
    if (!is_known(mode))
      errors.not_supported(at, mode, {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"});
    if (mode == "ReadWriteOncePod") {
      alone = true;
    } else if (is_known(mode)) {
      others = true;
    }
  }
  if (alone && others) errors.forbidden(at, "may not use ReadWriteOncePod with other access modes");
}

std::string access_modes_text(const std::vector<std::string>& modes) {
  std::string out;
  for (const Mode& m : kModes)
    if (std::find(modes.begin(), modes.end(), m.name) != modes.end())
      out += (out.empty() ? "" : ",") + std::string(m.text);
  return out;
}

void check_volume_mode(const std::string& mode, const machinery::Path& at, machinery::FieldErrors& errors) {
  if (mode != "Block" && mode != "Filesystem") errors.not_supported(at, mode, {"Block", "Filesystem"});
}

}  // namespace mizzen::api
