#pragma once
#include <string>
#include <vector>

#include "machinery/errors/field_errors.h"

/// How volumes may be used: what volumes and claims share.
namespace mizzen::api {

/// Each one known, and ReadWriteOncePod alone. `at` is the path of the list.
void check_access_modes(const std::vector<std::string>& modes, const machinery::Path& at,
                        machinery::FieldErrors& errors);
/// RWO,ROX,RWX,RWOP: those there are, each once.
std::string access_modes_text(const std::vector<std::string>& modes);
void check_volume_mode(const std::string& mode, const machinery::Path& at, machinery::FieldErrors& errors);

}  // namespace mizzen::api
