#include "api/kinds/coordination/lease/lease_strategy.h"

#include "api/checks/field_checks.h"
#include "api/schema/coordination/v1/lease.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using coordination::v1::Lease;
using machinery::FieldErrors;
using machinery::Path;

class LeaseStrategy final : public TypedStrategy<Lease> {
 public:
  bool checks_standard_finalizers() const override { return false; }
  bool allow_create_on_update() const override { return true; }
  bool allow_unconditional_update() const override { return false; }
  // Elections that the control plane decides are off, as upstream has them unless asked.
  void before_create(Lease& l) const override {
    l.spec.strategy.reset();
    l.spec.preferredHolder.reset();
  }
  void before_update(Lease& l, const Lease& old) const override {
    if (!old.spec.strategy) l.spec.strategy.reset();
    if (!old.spec.preferredHolder) l.spec.preferredHolder.reset();
  }
  void check_create(const Lease& l, FieldErrors& errors) const override {
    const Path at("spec");
    if (l.spec.leaseDurationSeconds && *l.spec.leaseDurationSeconds <= 0)
      errors.invalid(at.child("leaseDurationSeconds"), *l.spec.leaseDurationSeconds,
                     "must be greater than 0");
    if (l.spec.leaseTransitions && *l.spec.leaseTransitions < 0)
      errors.invalid(at.child("leaseTransitions"), *l.spec.leaseTransitions,
                     "must be greater than or equal to 0");
    const auto& strategy = l.spec.strategy;
    if (strategy && strategy->find('/') == std::string::npos) {
      if (*strategy != "OldestEmulationVersion")
        errors.not_supported(at.child("strategy").child("strategy"), *strategy, {"OldestEmulationVersion"});
    } else if (strategy) {
      check_messages(machinery::is_qualified_name(*strategy), at.child("strategy").child("strategy"),
                     *strategy, errors);
    }
    if (l.spec.preferredHolder && !l.spec.preferredHolder->empty() && !strategy)
      errors.forbidden(at.child("preferredHolder"), "may only be specified if `strategy` is defined");
  }
  void check_update(const Lease& l, const Lease&, FieldErrors& errors) const override {
    check_create(l, errors);
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Holder", "string", "", "Who holds it."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const Lease& l, WallTime now) const override {
    return {cell(l.metadata.name), cell(l.spec.holderIdentity.value_or("")),
            age_cell(l.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& lease_strategy() {
  static const LeaseStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
