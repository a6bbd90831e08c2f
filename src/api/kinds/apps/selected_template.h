#pragma once
#include <string>

#include "api/checks/field_checks.h"
#include "api/checks/object_meta_checks.h"
#include "api/kinds/core/pod/pod_checks.h"
#include "codec/json/json_codec.h"
#include "machinery/selectors/selectors.h"

/// What kinds share whose spec has `selector` and `template`.
namespace mizzen::api {

/// Selector rules that Deployments and ReplicaSets share.
template <typename Spec>
void check_selected_template(const Spec& spec, const machinery::Path& at, const char* kind,
                             machinery::FieldErrors& errors) {
  check_non_negative(spec.replicas.value_or(0), at.child("replicas"), errors);
  check_non_negative(spec.minReadySeconds, at.child("minReadySeconds"), errors);
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

}  // namespace mizzen::api
