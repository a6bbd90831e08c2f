#include "api/kinds/apps/deployment/deployment_strategy.h"

#include "api/checks/count_checks.h"
#include "api/kinds/apps/deployment/deployment_checks.h"
#include "api/kinds/apps/selected_template.h"
#include "api/kinds/core/pod/disabled_fields.h"
#include "api/kinds/core/pod/pod_defaults.h"
#include "api/table/texts.h"

namespace mizzen::api {
namespace {

using apps::v1::Deployment;
using machinery::FieldErrors;
using machinery::Path;

class DeploymentStrategy final : public TypedStrategy<Deployment> {
 public:
  void defaults(Deployment& d, std::string_view api_version) const override {
    auto& spec = d.spec;
    const bool ancient = api_version == "extensions/v1beta1";
    if (ancient || api_version == "apps/v1beta1") default_from_template(d);
    if (!spec.replicas) spec.replicas = 1;
    if (spec.strategy.type.empty()) spec.strategy.type = "RollingUpdate";
    if (spec.strategy.type == "RollingUpdate") {
      auto& rolling = spec.strategy.rollingUpdate.ensure();
      const codec::IntOrString step = ancient ? codec::IntOrString(1) : codec::IntOrString("25%");
      if (!rolling.maxUnavailable) rolling.maxUnavailable = step;
      if (!rolling.maxSurge) rolling.maxSurge = step;
    }
    if (!spec.revisionHistoryLimit)
      spec.revisionHistoryLimit = ancient ? INT32_MAX : api_version == "apps/v1beta1" ? 2 : 10;
    if (!spec.progressDeadlineSeconds) spec.progressDeadlineSeconds = ancient ? INT32_MAX : 600;
    default_pod_spec(spec.template_.spec);
  }
  void before_create(Deployment& d) const override {
    d.status = {};
    d.metadata.generation = 1;
    drop_disabled_fields(d.spec.template_.spec, nullptr);
  }
  void before_update(Deployment& d, const Deployment& old) const override {
    d.status = old.status;
    drop_disabled_fields(d.spec.template_.spec, &old.spec.template_.spec);
    // Annotations count: the controller copies them to ReplicaSets.
    if (!codec::equal(d.spec, old.spec) || !(d.metadata.annotations == old.metadata.annotations))
      d.metadata.generation = old.metadata.generation + 1;
  }
  void before_status_update(Deployment& d, const Deployment& old) const override {
    d.spec = old.spec;
    d.metadata.labels = old.metadata.labels;
  }
  void check_create(const Deployment& d, FieldErrors& errors) const override {
    const Path at("spec");
    check_selected_template(d.spec, at, "deployment", errors);
    if (d.spec.revisionHistoryLimit)
      check_non_negative(*d.spec.revisionHistoryLimit, at.child("revisionHistoryLimit"), errors);
    if (d.spec.progressDeadlineSeconds) {
      check_non_negative(*d.spec.progressDeadlineSeconds, at.child("progressDeadlineSeconds"), errors);
      if (*d.spec.progressDeadlineSeconds <= d.spec.minReadySeconds)
        errors.invalid(at.child("progressDeadlineSeconds"), *d.spec.progressDeadlineSeconds,
                       "must be greater than minReadySeconds");
    }
    check_deployment_strategy(d.spec.strategy, at.child("strategy"), errors);
  }
  void check_update(const Deployment& d, const Deployment& old, FieldErrors& errors) const override {
    check_create(d, errors);
    if (d.spec.selector && old.spec.selector && !codec::equal(*d.spec.selector, *old.spec.selector))
      errors.invalid_raw(Path("spec").child("selector"), codec::to_json(*d.spec.selector),
                         "field is immutable");
  }
  void check_status_update(const Deployment& d, const Deployment& old, FieldErrors& errors) const override {
    const auto& s = d.status;
    check_status_counts({{{"observedGeneration", s.observedGeneration},
                          {"replicas", s.replicas},
                          {"updatedReplicas", s.updatedReplicas},
                          {"readyReplicas", s.readyReplicas},
                          {"availableReplicas", s.availableReplicas},
                          {"unavailableReplicas", s.unavailableReplicas},
                          {"terminatingReplicas", s.terminatingReplicas.value_or(0)},
                          {"collisionCount", s.collisionCount.value_or(0)}},
                         {{"updatedReplicas", s.updatedReplicas},
                          {"readyReplicas", s.readyReplicas},
                          {"availableReplicas", s.availableReplicas}},
                         s.replicas,
                         s.readyReplicas,
                         s.availableReplicas},
                        errors);
    if (s.collisionCount.value_or(0) < old.status.collisionCount.value_or(0))
      errors.invalid(Path("status").child("collisionCount"), s.collisionCount.value_or(0),
                     "cannot be decremented");
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name of the deployment."},
            {"Ready", "string", "", "Pods that are ready, of those wanted."},
            {"Up-to-date", "string", "", "Pods made from the present template."},
            {"Available", "string", "", "Pods that have been ready long enough."},
            {"Age", "string", "", "How long ago it was created."},
            {"Containers", "string", "", "Names of the containers.", 1},
            {"Images", "string", "", "Images of the containers.", 1},
            {"Selector", "string", "", "Labels of its pods.", 1}};
  }
  TableCells row(const Deployment& d, WallTime now) const override {
    return {cell(d.metadata.name),
            cell(std::to_string(d.status.readyReplicas) + "/" + std::to_string(d.spec.replicas.value_or(0))),
            cell(int64_t{d.status.updatedReplicas}),
            cell(int64_t{d.status.availableReplicas}),
            age_cell(d.metadata.creationTimestamp, now),
            cell(container_names(d.spec.template_.spec.containers)),
            cell(container_images(d.spec.template_.spec.containers)),
            cell(selector_text(d.spec.selector, ""))};
  }
};

}  // namespace

const Strategy& deployment_strategy() {
  static const DeploymentStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
