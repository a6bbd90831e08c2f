#include "api/kinds/policy/pod_disruption_budget/pod_disruption_budget_strategy.h"

#include "api/checks/condition_checks.h"
#include "api/checks/field_checks.h"
#include "api/checks/percent_checks.h"
#include "api/go_text/go_object.h"
#include "api/schema/policy/v1/pod_disruption_budget.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;
using policy::v1::PodDisruptionBudget;

class PodDisruptionBudgetStrategy final : public TypedStrategy<PodDisruptionBudget> {
 public:
  bool allow_unconditional_update() const override { return false; }
  // Upstream never looked closer.
  machinery::Messages check_name(std::string_view name) const override {
    return machinery::is_path_segment_name(name);
  }
  void before_create(PodDisruptionBudget& b) const override {
    b.status = {};
    b.metadata.generation = 1;
  }
  void before_update(PodDisruptionBudget& b, const PodDisruptionBudget& old) const override {
    b.status = old.status;
    if (!codec::equal(b.spec, old.spec)) b.metadata.generation = old.metadata.generation + 1;
  }
  void before_status_update(PodDisruptionBudget& b, const PodDisruptionBudget& old) const override {
    b.spec = old.spec;
  }
  void check_create(const PodDisruptionBudget& b, FieldErrors& errors) const override {
    const auto& s = b.spec;
    const Path at("spec");
    if (s.minAvailable && s.maxUnavailable)
      errors.invalid_raw(at, go_object(s), "minAvailable and maxUnavailable cannot be both set");
    if (s.minAvailable) check_count_or_percent(*s.minAvailable, at.child("minAvailable"), true, errors);
    if (s.maxUnavailable) check_count_or_percent(*s.maxUnavailable, at.child("maxUnavailable"), true, errors);
    check_label_selector(s.selector, at.child("selector"), errors);
    check_optional_of(s.unhealthyPodEvictionPolicy, at.child("unhealthyPodEvictionPolicy"),
                      {"AlwaysAllow", "IfHealthyBudget"}, errors);
  }
  void check_update(const PodDisruptionBudget& b, const PodDisruptionBudget&,
                    FieldErrors& errors) const override {
    check_create(b, errors);
  }
  void check_status_update(const PodDisruptionBudget& b, const PodDisruptionBudget&,
                           FieldErrors& errors) const override {
    const Path at("status");
    check_conditions(b.status.conditions, at.child("conditions"), errors);
    check_non_negative(b.status.disruptionsAllowed, at.child("disruptionsAllowed"), errors);
    check_non_negative(b.status.currentHealthy, at.child("currentHealthy"), errors);
    check_non_negative(b.status.desiredHealthy, at.child("desiredHealthy"), errors);
    check_non_negative(b.status.expectedPods, at.child("expectedPods"), errors);
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Min Available", "string", "", "How many pods have to be available."},
            {"Max Unavailable", "string", "", "How many pods may be unavailable."},
            {"Allowed Disruptions", "integer", "", "How many pods may be disrupted now."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const PodDisruptionBudget& b, WallTime now) const override {
    const auto text = [](const auto& bound) { return cell(bound ? bound->str() : "N/A"); };
    return {cell(b.metadata.name), text(b.spec.minAvailable), text(b.spec.maxUnavailable),
            cell(int64_t{b.status.disruptionsAllowed}), age_cell(b.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& pod_disruption_budget_strategy() {
  static const PodDisruptionBudgetStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
