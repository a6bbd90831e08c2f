#include "api/checks/data_checks.h"

#include "machinery/names/names.h"

namespace mizzen::api {

size_t check_data_keys(const codec::Map<std::string>& data, const machinery::Path& at,
                       machinery::FieldErrors& errors) {
  size_t bytes = 0;
  for (const auto& [key, value] : data) {
    for (const std::string& m : machinery::is_config_map_key(key)) errors.invalid(at.key(key), key, m);
    bytes += value.size();
  }
  return bytes;
}

}  // namespace mizzen::api
