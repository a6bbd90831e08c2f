#include "api/kinds/core/volume_claim_spec.h"

#include "api/checks/field_checks.h"
#include "api/kinds/core/access_modes.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

/// Both forms of a source have these.
template <typename Source>
void check_data_source(const Source& s, const Path& at, FieldErrors& errors) {
  if (s.name.empty()) errors.required(at.child("name"), "");
  if (s.kind.empty()) errors.required(at.child("kind"), "");
  const std::string group = s.apiGroup.value_or("");
  if (group.empty() && s.kind != "PersistentVolumeClaim")
    errors.invalid(at, s.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  if (!group.empty()) check_subdomain(group, at.child("apiGroup"), errors);
}

void check_data_sources(const PersistentVolumeClaimSpec& spec, const Path& at, FieldErrors& errors) {
  if (spec.dataSource) check_data_source(*spec.dataSource, at.child("dataSource"), errors);
  if (!spec.dataSourceRef) return;
  const auto& ref = *spec.dataSourceRef;
  check_data_source(ref, at.child("dataSourceRef"), errors);
  const std::string ns = ref.namespace_.value_or("");
  if (!ns.empty()) check_label(ns, at.child("dataSourceRef").child("namespace"), errors);
  if (!spec.dataSource) return;
  // What is printed is a path, whose fields Go's JSON does not show.
  if (!ns.empty())
    return errors.invalid_raw(at, "{}", "may not be specified when dataSourceRef.namespace is specified");
  const auto& source = *spec.dataSource;
  if (source.apiGroup != ref.apiGroup || source.kind != ref.kind || source.name != ref.name)
    errors.invalid_raw(at, "{}", "must match dataSourceRef");
}

}  // namespace

void default_volume_claim(PersistentVolumeClaimSpec& spec) {
  if (!spec.volumeMode) spec.volumeMode = "Filesystem";
  for (auto* list : {&spec.resources.limits, &spec.resources.requests})
    for (auto& [name, amount] : *list) amount = amount.rounded_to_milli();
}

void check_volume_claim(const PersistentVolumeClaimSpec& spec, const Path& at, FieldErrors& errors) {
  const Path modes = at.child("accessModes");
  if (spec.accessModes.empty()) errors.required(modes, "at least 1 access mode is required");
  check_label_selector(spec.selector, at.child("selector"), errors);
  check_access_modes(spec.accessModes, modes, errors);
  const Path storage = at.child("resources").key("storage");
  if (const codec::Quantity* size = spec.resources.requests.find("storage")) {
    if (size->compare(codec::Quantity()) <= 0)
      errors.invalid(storage, size->text(), "must be greater than zero");
  } else {
    errors.required(storage, "");
  }
  if (spec.storageClassName && !spec.storageClassName->empty())
    check_subdomain(*spec.storageClassName, at.child("storageClassName"), errors);
  if (spec.volumeMode) check_volume_mode(*spec.volumeMode, at.child("volumeMode"), errors);
  check_data_sources(spec, at, errors);
  if (spec.volumeAttributesClassName && !spec.volumeAttributesClassName->empty())
    check_subdomain(*spec.volumeAttributesClassName, at.child("volumeAttributesClassName"), errors);
}

}  // namespace mizzen::api
