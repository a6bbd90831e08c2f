#include "api/kinds/core/replication_controller/replication_controller_strategy.h"

#include "api/checks/count_checks.h"
#include "api/checks/field_checks.h"
#include "api/kinds/core/pod/disabled_fields.h"
#include "api/kinds/core/pod/pod_checks.h"
#include "api/kinds/core/pod/pod_defaults.h"
#include "api/schema/core/v1/replication_controller.h"
#include "api/table/replicas.h"

namespace mizzen::api {
namespace {

using core::v1::ReplicationController;
using machinery::FieldErrors;
using machinery::Path;

class ReplicationControllerStrategy final : public TypedStrategy<ReplicationController> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Never; }
  bool orphans_by_default() const override { return true; }
  void defaults(ReplicationController& r, std::string_view) const override {
    if (r.spec.template_) {
      const auto& labels = r.spec.template_->metadata.labels;
      if (r.spec.selector.empty()) r.spec.selector = labels;
      if (r.metadata.labels.empty()) r.metadata.labels = labels;
      default_pod_spec(r.spec.template_->spec);
    }
    if (!r.spec.replicas) r.spec.replicas = 1;
  }
  void before_create(ReplicationController& r) const override {
    r.status = {};
    r.metadata.generation = 1;
    if (r.spec.template_) drop_disabled_fields(r.spec.template_->spec, nullptr);
  }
  void before_update(ReplicationController& r, const ReplicationController& old) const override {
    r.status = old.status;
    if (r.spec.template_)
      drop_disabled_fields(r.spec.template_->spec, old.spec.template_ ? &old.spec.template_->spec : nullptr);
    if (!codec::equal(r.spec, old.spec)) r.metadata.generation = old.metadata.generation + 1;
  }
  void before_status_update(ReplicationController& r, const ReplicationController& old) const override {
    r.spec = old.spec;
  }
  void check_create(const ReplicationController& r, FieldErrors& errors) const override {
    const Path at("spec");
    check_non_negative(r.spec.replicas.value_or(0), at.child("replicas"), errors);
    check_non_negative(r.spec.minReadySeconds, at.child("minReadySeconds"), errors);
    if (r.spec.selector.empty()) errors.required(at.child("selector"), "");
    if (!r.spec.template_) {
      errors.required(at.child("template"), "");
      return;
    }
    if (!r.spec.selector.empty() &&
        !machinery::LabelSelector::from_pairs(r.spec.selector).matches(r.spec.template_->metadata.labels))
      errors.invalid_raw(at.child("template").child("metadata").child("labels"),
                         labels_json(r.spec.template_->metadata.labels),
                         "`selector` does not match template `labels`");
    check_controller_template(*r.spec.template_, "ReplicationController", at.child("template"), errors);
  }
  void check_update(const ReplicationController& r, const ReplicationController&,
                    FieldErrors& errors) const override {
    check_create(r, errors);
  }
  void check_status_update(const ReplicationController& r, const ReplicationController&,
                           FieldErrors& errors) const override {
    check_status_counts(replica_counts(r.status), errors);
  }
  void fields_of(const ReplicationController& r, FieldValues& f) const override {
    f.set("status.replicas", std::to_string(r.status.replicas));
  }
  bool is_selectable(std::string_view f) const override { return f == "status.replicas"; }
  std::vector<TableColumn> table_columns() const override { return replica_columns(); }
  TableCells row(const ReplicationController& r, WallTime now) const override {
    return replica_row(r, r.spec.template_ ? &r.spec.template_->spec.containers : nullptr,
                       labels_text(r.spec.selector), now);
  }
};

}  // namespace

const Strategy& replication_controller_strategy() {
  static const ReplicationControllerStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
