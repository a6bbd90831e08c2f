#include "api/kinds/core/persistent_volume_claim/claim_update.h"

#include <algorithm>

#include "api/checks/field_checks.h"
#include "api/checks/resource_checks.h"
#include "api/go_text/go_diff.h"
#include "api/go_text/go_object.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using codec::Quantity;
using machinery::FieldErrors;
using machinery::Path;

constexpr std::string_view kClass = "volume.beta.kubernetes.io/storage-class";
constexpr const char* kImmutable = "field is immutable";

/// What always could be a source.
bool is_old_source(const TypedLocalObjectReference& s) {
  const std::string group = s.apiGroup.value_or("");
  return (s.kind == "PersistentVolumeClaim" && group.empty()) ||
         (s.kind == "VolumeSnapshot" && group == "snapshot.storage.k8s.io");
}

Quantity storage(const codec::Map<Quantity>& list) {
  const Quantity* found = list.find("storage");
  return found ? *found : Quantity();
}

/// The class moves from the annotation to its field, and stays the same.
bool moves_class(const PersistentVolumeClaim& claim, const PersistentVolumeClaim& old) {
  const std::string* before = old.metadata.annotations.find(kClass);
  const std::string* now = claim.metadata.annotations.find(kClass);
  return before && !old.spec.storageClassName && claim.spec.storageClassName &&
         *claim.spec.storageClassName == *before && (!now || *now == *before);
}

/// A claim without a class gets one.
bool gets_class(const PersistentVolumeClaim& claim, const PersistentVolumeClaim& old) {
  const std::string* before = old.metadata.annotations.find(kClass);
  return claim.spec.storageClassName && !old.spec.storageClassName &&
         (!before || *claim.spec.storageClassName == *before);
}

void check_spec_change(const PersistentVolumeClaim& claim, const PersistentVolumeClaim& old,
                       FieldErrors& errors) {
  PersistentVolumeClaimSpec now = claim.spec, before = old.spec;
  settle_data_sources(before, &old.spec);
  if (before.volumeName.empty()) before.volumeName = now.volumeName;  // it is bound once
  if (moves_class(claim, old)) {
    now.storageClassName.reset();
  } else {
    const std::string annotated(claim.metadata.annotations.get(kClass));
    if (annotated != old.metadata.annotations.get(kClass))
      errors.invalid(Path("metadata").child("annotations").child(kClass), annotated, kImmutable);
    if (gets_class(claim, old)) now.storageClassName = before.storageClassName;
  }
  if (claim.status.phase == "Bound") {
    if (!now.resources.requests.empty())
      now.resources.requests.set("storage", storage(old.spec.resources.requests));
    now.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  if (!codec::equal(now, before))
    errors.forbidden(Path("spec"),
                     "spec is immutable after creation except resources.requests and "
                     "volumeAttributesClassName for bound claims\n" +
                         go_diff(go_object(before), go_object(now)));
}

/// A claim may shrink while it grows, but not below what it has.
void check_size_change(const PersistentVolumeClaim& claim, const PersistentVolumeClaim& old,
                       FieldErrors& errors) {
  const Quantity now = storage(claim.spec.resources.requests);
  if (now.compare(storage(old.spec.resources.requests)) >= 0) return;
  if (now.compare(storage(old.status.capacity)) <= 0)
    errors.forbidden(Path("spec").child("resources").child("requests").child("storage"),
                     "field can not be less than status.capacity");
}

void check_attributes_change(const PersistentVolumeClaim& claim, const PersistentVolumeClaim& old,
                             FieldErrors& errors) {
  const auto& now = claim.spec.volumeAttributesClassName;
  if (now == old.spec.volumeAttributesClassName || !old.status.currentVolumeAttributesClassName) return;
  const Path at = Path("spec").child("volumeAttributesClassName");
  if (!now) {
    errors.forbidden(at,
                     "update to nil is forbidden when status.currentVolumeAttributesClassName is not nil");
  } else if (now->empty()) {
    errors.forbidden(
        at, "update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil");
  }
}

/// False, with errors, where a claim has no such resource.
bool check_resource_key(const std::string& name, const Path& at, FieldErrors& errors) {
  const auto messages = machinery::is_qualified_name(name);
  check_messages(messages, at, name, errors);
  if (!messages.empty()) return false;
  const bool native = name.find('/') == std::string::npos || name.find("kubernetes.io/") != std::string::npos;
  if (!native || name == "storage") return true;
  errors.not_supported(at, name, {"storage"});
  return false;
}

bool check_not_negative(const Quantity& amount, const Path& at, FieldErrors& errors) {
  if (amount.value() >= 0) return true;
  errors.invalid(at, amount.value(), "must be a valid resource quantity");
  return false;
}

}  // namespace

void settle_data_sources(PersistentVolumeClaimSpec& spec, const PersistentVolumeClaimSpec* old) {
  auto& source = spec.dataSource;
  auto& ref = spec.dataSourceRef;
  // Sources in other namespaces stand behind a gate that is closed.
  if (ref && !ref->namespace_.value_or("").empty() && !(old && old->dataSourceRef)) ref.reset();
  const bool had_one = old && (old->dataSource || old->dataSourceRef);
  if (!had_one && !ref && source && !is_old_source(*source)) source.reset();
  if (source && !ref) {
    auto& made = ref.emplace();
    made.apiGroup = source->apiGroup;
    made.kind = source->kind;
    made.name = source->name;
  } else if (ref && !source && ref->namespace_.value_or("").empty()) {
    auto& made = source.emplace();
    made.apiGroup = ref->apiGroup;
    made.kind = ref->kind;
    made.name = ref->name;
  }
}

void check_claim_change(const PersistentVolumeClaim& claim, const PersistentVolumeClaim& old,
                        FieldErrors& errors) {
  check_spec_change(claim, old, errors);
  check_size_change(claim, old, errors);
  if (claim.spec.volumeMode != old.spec.volumeMode)
    errors.invalid(Path("volumeMode"), claim.spec.volumeMode.value_or(""), kImmutable);
  check_attributes_change(claim, old, errors);
}

void check_claim_status(const PersistentVolumeClaim& claim, FieldErrors& errors) {
  const Path at("status");
  const std::vector<std::string> known = {"ControllerResizeInProgress", "ControllerResizeInfeasible",
                                          "NodeResizeInProgress", "NodeResizeInfeasible",
                                          "NodeResizePending"};
  if (claim.spec.accessModes.empty()) errors.required(Path("Spec").child("accessModes"), "");
  for (const auto& [name, amount] : claim.status.capacity)
    check_not_negative(amount, at.child("capacity").key(name), errors);
  const Path statuses = at.child("allocatedResourceStatuses"), allocated = at.child("allocatedResources");
  for (const auto& [name, status] : claim.status.allocatedResourceStatuses) {
    check_resource_key(name, statuses, errors);
    if (std::find(known.begin(), known.end(), status) == known.end())
      errors.not_supported(statuses, name, known);
  }
  for (const auto& [name, amount] : claim.status.allocatedResources) {
    if (!check_resource_key(name, allocated, errors)) continue;
    if (check_not_negative(amount, allocated.key(name), errors))
      check_quantity("storage", amount, allocated.key(name), errors);
  }
}

}  // namespace mizzen::api
