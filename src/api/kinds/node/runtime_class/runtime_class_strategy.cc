#include "api/kinds/node/runtime_class/runtime_class_strategy.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/checks/field_checks.h"
#include "api/checks/object_meta_checks.h"
#include "api/checks/resource_checks.h"
#include "api/kinds/core/pod/placement_checks.h"
#include "api/schema/node/v1/runtime_class.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using core::v1::Toleration;
using machinery::FieldErrors;
using machinery::Path;
using node::v1::RuntimeClass;

bool same_taints(const Toleration& a, const Toleration& b) {
  return a.key == b.key && a.operator_ == b.operator_ && a.value == b.value && a.effect == b.effect;
}

std::string go_text(const Toleration& t) {
  return fmt::format(R"({{"Key":{},"Operator":{},"Value":{},"Effect":{},"TolerationSeconds":{}}})",
                     quote(t.key), quote(t.operator_), quote(t.value), quote(t.effect),
                     t.tolerationSeconds ? std::to_string(*t.tolerationSeconds) : "null");
}

void check_scheduling(const node::v1::Scheduling& scheduling, const Path& at, FieldErrors& errors) {
  check_labels(scheduling.nodeSelector, at.child("nodeSelector"), errors);
  const auto& all = scheduling.tolerations;
  const Path here = at.child("tolerations");
  check_tolerations(all, here, errors);
  for (auto t = all.begin(); t != all.end(); ++t)
    if (std::any_of(all.begin(), t, [&](const Toleration& before) { return same_taints(before, *t); }))
      errors.duplicate_raw(here.index(static_cast<size_t>(t - all.begin())), go_text(*t));
}

class RuntimeClassStrategy final : public TypedStrategy<RuntimeClass> {
 public:
  bool allow_unconditional_update() const override { return false; }
  void check_create(const RuntimeClass& c, FieldErrors& errors) const override {
    if (c.handler.empty())
      errors.required(Path("handler"), "");
    else
      check_label(c.handler, Path("handler"), errors);
    if (c.overhead) {
      // As limits of a container, whose name upstream's messages have.
      core::v1::ResourceRequirements as_limits;
      as_limits.limits = c.overhead->podFixed;
      check_resources(as_limits, {}, Path("overhead"), errors);
    }
    if (c.scheduling) check_scheduling(*c.scheduling, Path("scheduling"), errors);
  }
  void check_update(const RuntimeClass& c, const RuntimeClass& old, FieldErrors& errors) const override {
    check_create(c, errors);
    if (c.handler != old.handler) errors.invalid(Path("handler"), c.handler, "field is immutable");
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Handler", "string", "", "What the container runtime calls it."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const RuntimeClass& c, WallTime now) const override {
    return {cell(c.metadata.name), cell(c.handler), age_cell(c.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& runtime_class_strategy() {
  static const RuntimeClassStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
