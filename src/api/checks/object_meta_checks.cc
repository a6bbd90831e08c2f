#include "api/checks/object_meta_checks.h"

#include <algorithm>

#include "base/strings.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;

void check_owner_references(const meta::v1::ObjectMeta& meta, const Path& at, FieldErrors& errors) {
  std::string controller;
  for (size_t i = 0; i < meta.ownerReferences.size(); ++i) {
    const auto& ref = meta.ownerReferences[i];
    if (ref.apiVersion.empty())
      errors.invalid(at.child("apiVersion"), ref.apiVersion, "version must not be empty");
    if (ref.kind.empty()) errors.invalid(at.child("kind"), ref.kind, "must not be empty");
    if (ref.name.empty()) errors.invalid(at.child("name"), ref.name, "must not be empty");
    if (ref.uid.empty()) errors.invalid(at.child("uid"), ref.uid, "must not be empty");
    if (ref.apiVersion == "v1" && ref.kind == "Event")
      errors.invalid(at, "/v1, Kind=Event", "/v1, Kind=Event is disallowed from being an owner");
    if (!ref.controller.value_or(false)) continue;
    const std::string text = ref.kind + "/" + ref.name;
    if (!controller.empty())
      errors.invalid(at, "[]v1.OwnerReference",
                     "Only one reference can have Controller set to true. Found \"true\" in references for " +
                         controller + " and " + text);
    controller = text;
  }
}

}  // namespace

void check_labels(const codec::Map<std::string>& labels, const Path& at, FieldErrors& errors) {
  for (const auto& [key, value] : labels) {
    for (const std::string& m : machinery::is_qualified_name(key)) errors.invalid(at, key, m);
    for (const std::string& m : machinery::is_valid_label_value(value)) errors.invalid(at, value, m);
  }
}

void check_annotations(const codec::Map<std::string>& annotations, const Path& at, FieldErrors& errors) {
  size_t bytes = 0;
  for (const auto& [key, value] : annotations) {
    for (const std::string& m : machinery::is_qualified_name(to_lower(key))) errors.invalid(at, key, m);
    bytes += key.size() + value.size();
  }
  if (bytes > kAnnotationBytesMax) errors.too_long(at, kAnnotationBytesMax);
}

void check_object_meta(const meta::v1::ObjectMeta& meta, const ResourceInfo& resource, FieldErrors& errors) {
  const Path at("metadata");
  if (!meta.generateName.empty()) {
    // A prefix may end in a dash: the check takes it as if something followed.
    std::string prefix = meta.generateName;
    if (prefix.size() > 1 && prefix.back() == '-') prefix.back() = 'a';
    for (const std::string& m : resource.strategy->check_name(prefix))
      errors.invalid(at.child("generateName"), meta.generateName, m);
  }
  if (meta.name.empty()) {
    errors.required(at.child("name"), "name or generateName is required");
  } else {
    for (const std::string& m : resource.strategy->check_name(meta.name))
      errors.invalid(at.child("name"), meta.name, m);
  }
  if (resource.namespaced) {
    if (meta.namespace_.empty()) {
      errors.required(at.child("namespace"), "");
    } else {
      for (const std::string& m : machinery::is_dns1123_label(meta.namespace_))
        errors.invalid(at.child("namespace"), meta.namespace_, m);
    }
  } else if (!meta.namespace_.empty()) {
    errors.forbidden(at.child("namespace"), "not allowed on this type");
  }
  if (meta.generation < 0)
    errors.invalid(at.child("generation"), meta.generation, "must be greater than or equal to 0");
  check_labels(meta.labels, at.child("labels"), errors);
  check_annotations(meta.annotations, at.child("annotations"), errors);
  check_owner_references(meta, at.child("ownerReferences"), errors);
  for (size_t i = 0; i < meta.finalizers.size(); ++i) {
    for (const std::string& m : machinery::is_qualified_name(meta.finalizers[i]))
      errors.invalid(at.child("finalizers"), meta.finalizers[i], m);
  }
  for (size_t i = 0; i < meta.finalizers.size(); ++i) {
    const auto& f = meta.finalizers[i];
    if (!machinery::is_qualified_name(f).empty()) continue;  // told above
    for (const std::string& m : machinery::is_finalizer(f))
      errors.invalid(at.child("finalizers").index(i), f, m);
  }
  const bool orphan = std::count(meta.finalizers.begin(), meta.finalizers.end(), "orphan") > 0;
  const bool foreground =
      std::count(meta.finalizers.begin(), meta.finalizers.end(), "foregroundDeletion") > 0;
  if (orphan && foreground)
    errors.invalid(at.child("finalizers"), "[orphan foregroundDeletion]",
                   "finalizer orphan and foregroundDeletion cannot be both set");
}

void check_object_meta_update(const meta::v1::ObjectMeta& meta, const meta::v1::ObjectMeta& old,
                              FieldErrors& errors) {
  const Path at("metadata");
  constexpr std::string_view immutable = "field is immutable";
  if (old.deletionTimestamp) {
    std::string added;
    for (const std::string& f : meta.finalizers)
      if (std::find(old.finalizers.begin(), old.finalizers.end(), f) == old.finalizers.end())
        added += (added.empty() ? "" : ", ") + quote(f);
    if (!added.empty())
      errors.forbidden(
          at.child("finalizers"),
          "no new finalizers can be added if the object is being deleted, found new finalizers []string{" +
              added + "}");
  }
  if (meta.name != old.name) errors.invalid(at.child("name"), meta.name, immutable);
  if (meta.namespace_ != old.namespace_) errors.invalid(at.child("namespace"), meta.namespace_, immutable);
  if (meta.uid != old.uid) errors.invalid(at.child("uid"), meta.uid, immutable);
  if (meta.generation < old.generation)
    errors.invalid(at.child("generation"), meta.generation, "must not be decremented");
}

}  // namespace mizzen::api
