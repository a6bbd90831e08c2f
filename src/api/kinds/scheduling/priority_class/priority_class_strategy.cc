#include "api/kinds/scheduling/priority_class/priority_class_strategy.h"

#include "api/checks/field_checks.h"
#include "api/schema/scheduling/v1/priority_class.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;
using scheduling::v1::PriorityClass;

class PriorityClassStrategy final : public TypedStrategy<PriorityClass> {
 public:
  void defaults(PriorityClass& c, std::string_view) const override {
    if (!c.preemptionPolicy) c.preemptionPolicy = "PreemptLowerPriority";
  }
  void before_create(PriorityClass& c) const override { c.metadata.generation = 1; }
  void check_create(const PriorityClass& c, FieldErrors& errors) const override {
    const bool system =
        c.metadata.name == "system-node-critical" || c.metadata.name == "system-cluster-critical";
    if (c.metadata.name.starts_with("system-") && !system)
      errors.forbidden(
          Path("metadata").child("name"),
          "priority class names with 'system-' prefix are reserved for system use only. error: " +
              c.metadata.name + " is not a known system priority class");
    if (!system && c.value > 1'000'000'000)
      errors.forbidden(Path("value"), "maximum allowed value of a user defined priority is 1000000000");
    check_one_of(c.preemptionPolicy.value_or(""), Path("preemptionPolicy"), {"PreemptLowerPriority", "Never"},
                 errors);
  }
  void check_update(const PriorityClass& c, const PriorityClass& old, FieldErrors& errors) const override {
    if (c.value != old.value) errors.forbidden(Path("value"), "may not be changed in an update.");
    if (c.preemptionPolicy != old.preemptionPolicy)
      errors.invalid(Path("preemptionPolicy"), c.preemptionPolicy.value_or(""), "field is immutable");
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Value", "integer", "", "Priority of pods of this class."},
            {"Global-Default", "boolean", "", "Whether pods without a class get it."},
            {"Age", "string", "", "How long ago it was created."},
            {"PreemptionPolicy", "string", "", "Whether its pods may push others away."}};
  }
  TableCells row(const PriorityClass& c, WallTime now) const override {
    return {cell(c.metadata.name), cell(int64_t{c.value}), c.globalDefault ? "true" : "false",
            age_cell(c.metadata.creationTimestamp, now), cell(c.preemptionPolicy.value_or(""))};
  }
};

}  // namespace

const Strategy& priority_class_strategy() {
  static const PriorityClassStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
