#include "api/kinds/core/config_map/config_map_strategy.h"

#include "api/checks/data_checks.h"
#include "api/schema/core/v1/config_map.h"

namespace mizzen::api {
namespace {

using core::v1::ConfigMap;
using machinery::FieldErrors;
using machinery::Path;

class ConfigMapStrategy final : public TypedStrategy<ConfigMap> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void check_create(const ConfigMap& c, FieldErrors& errors) const override {
    const size_t bytes = check_data_keys(c.data, Path("data"), errors) +
                         check_data_keys(c.binaryData, Path("binaryData"), errors);
    for (const auto& [key, value] : c.binaryData)
      if (c.data.contains(key))
        errors.invalid(Path("data").key(key), key, "duplicate of key present in binaryData");
    if (bytes > kDataBytesMax) errors.too_long(Path(""), kDataBytesMax);
  }
  void check_update(const ConfigMap& c, const ConfigMap& old, FieldErrors& errors) const override {
    check_create(c, errors);
    if (!old.immutable.value_or(false)) return;
    if (!c.immutable.value_or(false)) errors.forbidden(Path("immutable"), kImmutableData);
    if (!(c.data == old.data)) errors.forbidden(Path("data"), kImmutableData);
    if (!(c.binaryData == old.binaryData)) errors.forbidden(Path("binaryData"), kImmutableData);
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name of the config map."},
            {"Data", "string", "", "Number of keys."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const ConfigMap& c, WallTime now) const override {
    return {cell(c.metadata.name), cell(static_cast<int64_t>(c.data.size() + c.binaryData.size())),
            age_cell(c.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& config_map_strategy() {
  static const ConfigMapStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
