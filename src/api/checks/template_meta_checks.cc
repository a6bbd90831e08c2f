#include "api/checks/template_meta_checks.h"

#include "api/checks/object_meta_checks.h"

namespace mizzen::api {

using machinery::Path;

void check_template_meta(const meta::v1::ObjectMeta& meta, const Path& at, machinery::FieldErrors& errors) {
  check_annotations(meta.annotations, at.child("annotations"), errors);
  check_labels(meta.labels, at.child("labels"), errors);
  const auto unset = [&](const char* name, bool is_set) {
    if (is_set) errors.forbidden(at.child(name), "cannot be set");
  };
  unset("name", !meta.name.empty());
  unset("generateName", !meta.generateName.empty());
  unset("namespace", !meta.namespace_.empty());
  unset("selfLink", !meta.selfLink.empty());
  unset("uid", !meta.uid.empty());
  unset("resourceVersion", !meta.resourceVersion.empty());
  unset("generation", meta.generation != 0);
  unset("creationTimestamp", meta.creationTimestamp.is_set());
  unset("deletionTimestamp", meta.deletionTimestamp.has_value());
  unset("deletionGracePeriodSeconds", meta.deletionGracePeriodSeconds.has_value());
  unset("ownerReferences", !meta.ownerReferences.empty());
  unset("finalizers", !meta.finalizers.empty());
  unset("managedFields", !meta.managedFields.empty());
}

}  // namespace mizzen::api
