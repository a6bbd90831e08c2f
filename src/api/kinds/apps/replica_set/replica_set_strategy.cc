#include "api/kinds/apps/replica_set/replica_set_strategy.h"

#include "api/checks/count_checks.h"
#include "api/kinds/apps/selected_template.h"
#include "api/kinds/core/pod/disabled_fields.h"
#include "api/kinds/core/pod/pod_defaults.h"
#include "api/schema/apps/v1/replica_set.h"
#include "api/table/replicas.h"

namespace mizzen::api {
namespace {

using apps::v1::ReplicaSet;
using machinery::FieldErrors;
using machinery::Path;

class ReplicaSetStrategy final : public TypedStrategy<ReplicaSet> {
 public:
  void defaults(ReplicaSet& r, std::string_view api_version) const override {
    if (api_version == "extensions/v1beta1") default_from_template(r);
    if (!r.spec.replicas) r.spec.replicas = 1;
    default_pod_spec(r.spec.template_.spec);
  }
  void before_create(ReplicaSet& r) const override {
    r.status = {};
    r.metadata.generation = 1;
    drop_disabled_fields(r.spec.template_.spec, nullptr);
  }
  void before_update(ReplicaSet& r, const ReplicaSet& old) const override {
    r.status = old.status;
    drop_disabled_fields(r.spec.template_.spec, &old.spec.template_.spec);
    if (!codec::equal(r.spec, old.spec)) r.metadata.generation = old.metadata.generation + 1;
  }
  void before_status_update(ReplicaSet& r, const ReplicaSet& old) const override { r.spec = old.spec; }
  void check_create(const ReplicaSet& r, FieldErrors& errors) const override {
    check_selected_template(r.spec, Path("spec"), "deployment", errors);
  }
  void check_update(const ReplicaSet& r, const ReplicaSet& old, FieldErrors& errors) const override {
    check_create(r, errors);
    if (r.spec.selector && old.spec.selector && !codec::equal(*r.spec.selector, *old.spec.selector))
      errors.invalid_raw(Path("spec").child("selector"), codec::to_json(*r.spec.selector),
                         "field is immutable");
  }
  void check_status_update(const ReplicaSet& r, const ReplicaSet&, FieldErrors& errors) const override {
    check_status_counts(replica_counts(r.status), errors);
  }
  std::vector<TableColumn> table_columns() const override { return replica_columns(); }
  TableCells row(const ReplicaSet& r, WallTime now) const override {
    return replica_row(r, &r.spec.template_.spec.containers, selector_text(r.spec.selector, "<none>"), now);
  }
};

}  // namespace

const Strategy& replica_set_strategy() {
  static const ReplicaSetStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
