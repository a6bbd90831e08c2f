#pragma once
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/pod_template_spec.h"
#include "machinery/field_errors.h"

namespace mizzen::api {

/// Upstream's rules on a pod spec, in its words.
void check_pod_spec(const core::v1::PodSpec& spec, const machinery::Path& at, machinery::FieldErrors& errors);
/// Labels, annotations and spec of a template.
void check_pod_template(const core::v1::PodTemplateSpec& tmpl, const machinery::Path& at,
                        machinery::FieldErrors& errors);
/// A template of a controller: its pods restart always, and its labels match the selector.
void check_controller_template(const core::v1::PodTemplateSpec& tmpl, const machinery::Path& at,
                               machinery::FieldErrors& errors);
/// What may change in a pod that exists: images, deadlines, tolerations (added), gates (removed).
void check_pod_update(const core::v1::Pod& pod, const core::v1::Pod& old, machinery::FieldErrors& errors);

}  // namespace mizzen::api
