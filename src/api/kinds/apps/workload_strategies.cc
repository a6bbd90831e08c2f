// Deployments, ReplicaSets, ReplicationControllers.
#include "api/checks/field_checks.h"
#include "api/checks/object_meta_checks.h"
#include "api/kinds/apps/strategies.h"
#include "api/kinds/core/pod/pod_checks.h"
#include "api/kinds/core/pod/pod_defaults.h"
#include "api/kinds/core/pod/pod_table.h"
#include "api/kinds/core/strategies.h"
#include "api/schema/apps/v1/deployment.h"
#include "api/schema/apps/v1/replica_set.h"
#include "api/schema/core/v1/replication_controller.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

using apps::v1::Deployment;
using apps::v1::ReplicaSet;
using core::v1::ReplicationController;
using machinery::FieldErrors;
using machinery::Path;

void non_negative(int64_t value, const Path& at, FieldErrors& errors) {
  if (value < 0) errors.invalid(at, value, "must be greater than or equal to 0");
}

std::string selector_text(const codec::Box<meta::v1::LabelSelector>& selector, const char* empty) {
  if (!selector) return empty;
  const auto parsed = machinery::LabelSelector::from(*selector);
  if (!parsed.ok()) return "<error>";
  const std::string text = parsed->str();
  return text.empty() ? empty : text;
}

/// Labels as upstream prints a bad value: {"a":"b"}.
std::string labels_json(const codec::Map<std::string>& labels) {
  std::string out = "{";
  for (const auto& [key, value] : labels)
    out += (out.size() > 1 ? "," : "") + quote(key) + ":" + quote(value);
  return out + "}";
}

/// Selector rules that Deployments and ReplicaSets share.
template <typename Spec>
void check_selected_template(const Spec& spec, const Path& at, const char* kind, FieldErrors& errors) {
  non_negative(spec.replicas.value_or(0), at.child("replicas"), errors);
  non_negative(spec.minReadySeconds, at.child("minReadySeconds"), errors);
  if (!spec.selector) {
    errors.required(at.child("selector"), "");
  } else {
    const auto selector = machinery::LabelSelector::from(*spec.selector);
    check_label_selector(spec.selector, at.child("selector"), errors);
    if (spec.selector->matchLabels.empty() && spec.selector->matchExpressions.empty())
      errors.invalid_raw(at.child("selector"), "{}", std::string("empty selector is invalid for ") + kind);
    if (!selector.ok()) {
      errors.invalid_raw(at.child("selector"), codec::to_json(*spec.selector), "invalid label selector");
    } else if (!selector->empty() && !selector->matches(spec.template_.metadata.labels)) {
      errors.invalid_raw(at.child("template").child("metadata").child("labels"),
                         labels_json(spec.template_.metadata.labels),
                         "`selector` does not match template `labels`");
    }
  }
  check_controller_template(spec.template_, "ReplicaSet", at.child("template"), errors);
}

/// What the deprecated versions filled in, which the current one leaves to the user.
template <typename T>
void default_from_template(T& object) {
  if (!object.spec.selector && !object.spec.template_.metadata.labels.empty())
    object.spec.selector.ensure().matchLabels = object.spec.template_.metadata.labels;
  if (object.metadata.labels.empty()) object.metadata.labels = object.spec.template_.metadata.labels;
}

/// Counts in a status: none negative, none above the pods there are.
struct Counts {
  std::vector<std::pair<const char*, int64_t>> all;    ///< in upstream's order
  std::vector<std::pair<const char*, int64_t>> parts;  ///< may not exceed `replicas`
  int64_t replicas = 0, ready = 0, available = 0;
};

void check_counts(const Counts& c, FieldErrors& errors) {
  const Path at("status");
  for (const auto& [name, value] : c.all) non_negative(value, at.child(name), errors);
  for (const auto& [name, value] : c.parts)
    if (value > c.replicas) errors.invalid(at.child(name), value, "cannot be greater than status.replicas");
  if (c.available > c.ready)
    errors.invalid(at.child("availableReplicas"), c.available, "cannot be greater than readyReplicas");
}

/// ReplicaSets and ReplicationControllers count alike.
template <typename Status>
Counts replica_counts(const Status& s) {
  return {{{"replicas", s.replicas},
           {"fullyLabeledReplicas", s.fullyLabeledReplicas},
           {"readyReplicas", s.readyReplicas},
           {"availableReplicas", s.availableReplicas},
           {"observedGeneration", s.observedGeneration}},
          {{"fullyLabeledReplicas", s.fullyLabeledReplicas},
           {"readyReplicas", s.readyReplicas},
           {"availableReplicas", s.availableReplicas}},
          s.replicas,
          s.readyReplicas,
          s.availableReplicas};
}

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
  }
  void before_update(Deployment& d, const Deployment& old) const override {
    d.status = old.status;
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
      non_negative(*d.spec.revisionHistoryLimit, at.child("revisionHistoryLimit"), errors);
    if (d.spec.progressDeadlineSeconds) {
      non_negative(*d.spec.progressDeadlineSeconds, at.child("progressDeadlineSeconds"), errors);
      if (*d.spec.progressDeadlineSeconds <= d.spec.minReadySeconds)
        errors.invalid(at.child("progressDeadlineSeconds"), *d.spec.progressDeadlineSeconds,
                       "must be greater than minReadySeconds");
    }
    check_strategy(d.spec.strategy, at.child("strategy"), errors);
  }
  void check_update(const Deployment& d, const Deployment& old, FieldErrors& errors) const override {
    check_create(d, errors);
    if (d.spec.selector && old.spec.selector && !codec::equal(*d.spec.selector, *old.spec.selector))
      errors.invalid_raw(Path("spec").child("selector"), codec::to_json(*d.spec.selector),
                         "field is immutable");
  }
  void check_status_update(const Deployment& d, const Deployment& old, FieldErrors& errors) const override {
    const auto& s = d.status;
    check_counts({{{"observedGeneration", s.observedGeneration},
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

 private:
  static void check_strategy(const apps::v1::DeploymentStrategy& s, const Path& at, FieldErrors& errors) {
    if (s.type == "Recreate") {
      if (s.rollingUpdate)
        errors.forbidden(at.child("rollingUpdate"),
                         "may not be specified when strategy `type` is 'Recreate'");
      return;
    }
    if (s.type != "RollingUpdate") {
      errors.not_supported(at.child("type"), s.type, {"Recreate", "RollingUpdate"});
      return;
    }
    const Path rolling = at.child("rollingUpdate");
    const auto zero = [](const std::optional<codec::IntOrString>& v) {
      return v && (v->is_string ? v->text == "0%" : v->number == 0);
    };
    const auto check = [&](const std::optional<codec::IntOrString>& v, const Path& where, bool percent_max) {
      if (!v) return;
      if (!v->is_string) return non_negative(v->number, where, errors);
      std::string_view text = v->text;
      const bool percent = !text.empty() && text.back() == '%';
      if (percent) text.remove_suffix(1);
      const auto n = parse_int<int32_t>(text);
      if (!percent || !n || *n < 0) {
        errors.invalid(where, v->text,
                       "a valid percent string must be a numeric string followed by an ending '%' (e.g. "
                       "'1%',  or '93%', regex used for validation is '[0-9]+%')");
      } else if (percent_max && *n > 100) {
        errors.invalid(where, v->text, "must not be greater than 100%");
      }
    };
    check(s.rollingUpdate->maxUnavailable, rolling.child("maxUnavailable"), true);
    check(s.rollingUpdate->maxSurge, rolling.child("maxSurge"), false);
    if (zero(s.rollingUpdate->maxUnavailable) && zero(s.rollingUpdate->maxSurge))
      errors.invalid(rolling.child("maxUnavailable"), s.rollingUpdate->maxUnavailable->str(),
                     "may not be 0 when `maxSurge` is 0");
  }
};

template <typename T>
TableCells replica_row(const T& r, const std::vector<core::v1::Container>* containers, std::string selector,
                       WallTime now) {
  return {cell(r.metadata.name),
          cell(int64_t{r.spec.replicas.value_or(0)}),
          cell(int64_t{r.status.replicas}),
          cell(int64_t{r.status.readyReplicas}),
          age_cell(r.metadata.creationTimestamp, now),
          cell(containers ? container_names(*containers) : ""),
          cell(containers ? container_images(*containers) : ""),
          cell(selector)};
}

std::vector<TableColumn> replica_columns() {
  return {{"Name", "string", "name", "Its name."},
          {"Desired", "integer", "", "Pods wanted."},
          {"Current", "integer", "", "Pods there are."},
          {"Ready", "integer", "", "Pods that are ready."},
          {"Age", "string", "", "How long ago it was created."},
          {"Containers", "string", "", "Names of the containers.", 1},
          {"Images", "string", "", "Images of the containers.", 1},
          {"Selector", "string", "", "Labels of its pods.", 1}};
}

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
  }
  void before_update(ReplicaSet& r, const ReplicaSet& old) const override {
    r.status = old.status;
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
    check_counts(replica_counts(r.status), errors);
  }
  std::vector<TableColumn> table_columns() const override { return replica_columns(); }
  TableCells row(const ReplicaSet& r, WallTime now) const override {
    return replica_row(r, &r.spec.template_.spec.containers, selector_text(r.spec.selector, "<none>"), now);
  }
};

class ReplicationControllerStrategy final : public TypedStrategy<ReplicationController> {
 public:
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
  }
  void before_update(ReplicationController& r, const ReplicationController& old) const override {
    r.status = old.status;
    if (!codec::equal(r.spec, old.spec)) r.metadata.generation = old.metadata.generation + 1;
  }
  void before_status_update(ReplicationController& r, const ReplicationController& old) const override {
    r.spec = old.spec;
  }
  void check_create(const ReplicationController& r, FieldErrors& errors) const override {
    const Path at("spec");
    non_negative(r.spec.replicas.value_or(0), at.child("replicas"), errors);
    non_negative(r.spec.minReadySeconds, at.child("minReadySeconds"), errors);
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
    check_counts(replica_counts(r.status), errors);
  }
  void fields_of(const ReplicationController& r, machinery::Labels& f) const override {
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

const Strategy& deployment_strategy() {
  static const DeploymentStrategy s;
  return s;
}
const Strategy& replica_set_strategy() {
  static const ReplicaSetStrategy s;
  return s;
}
const Strategy& replication_controller_strategy() {
  static const ReplicationControllerStrategy s;
  return s;
}

}  // namespace mizzen::api
