#pragma once
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/pod_template_spec.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {

/// Upstream's rules on pods, in its words and order.
void check_pod_create(const core::v1::Pod& pod, machinery::FieldErrors& errors);
/// Labels, annotations and spec of a template.
void check_pod_template(const core::v1::PodTemplateSpec& tmpl, const machinery::Path& at,
                        machinery::FieldErrors& errors);
/// A template of a controller: its pods restart always and have no deadline. `kind` is the one that texts
/// name.
void check_controller_template(const core::v1::PodTemplateSpec& tmpl, const char* kind,
                               const machinery::Path& at, machinery::FieldErrors& errors);
/// What may change in a pod that exists: images, deadlines, tolerations (added), gates (removed), and while
/// there are gates, where it may go (narrower).
void check_pod_update(const core::v1::Pod& pod, const core::v1::Pod& old, machinery::FieldErrors& errors);
void check_pod_status_update(const core::v1::Pod& pod, const core::v1::Pod& old,
                             machinery::FieldErrors& errors);
/// What may change by way of ephemeralcontainers: more of them. Those of mirror pods never.
void check_ephemeral_update(const core::v1::Pod& pod, const core::v1::Pod& old,
                            machinery::FieldErrors& errors);
/// Metadata and spec of a pod, new or changed.
void check_pod(const core::v1::Pod& pod, machinery::FieldErrors& errors);

}  // namespace mizzen::api
