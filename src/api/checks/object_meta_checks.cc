#include "api/checks/object_meta_checks.h"

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;

std::string json_of(const std::vector<meta::v1::OwnerReference>& refs) {
  std::string out;
  for (const auto& ref : refs) out += (out.empty() ? "" : ",") + codec::to_json(ref);
  return "[" + out + "]";
}

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
      errors.invalid_raw(at, codec::to_json(ref), "/v1, Kind=Event is disallowed from being an owner");
    if (!ref.controller.value_or(false)) continue;
    const std::string text = ref.kind + "/" + ref.name;
    if (!controller.empty())
      errors.invalid_raw(
          at, json_of(meta.ownerReferences),
          "Only one reference can have Controller set to true. Found \"true\" in references for " +
              controller + " and " + text);
    controller = text;
  }
}

void check_finalizers(const meta::v1::ObjectMeta& meta, const Path& at, FieldErrors& errors) {
  for (const std::string& f : meta.finalizers)
    for (const std::string& m : machinery::is_qualified_name(f)) errors.invalid(at, f, m);
  const auto has = [&](std::string_view f) {
    return std::find(meta.finalizers.begin(), meta.finalizers.end(), f) != meta.finalizers.end();
  };
  if (!has("orphan") || !has("foregroundDeletion")) return;
  std::string all;
  for (const std::string& f : meta.finalizers) all += (all.empty() ? "" : ",") + quote(f);
  errors.invalid_raw(at, "[" + all + "]", "finalizer orphan and foregroundDeletion cannot be both set");
}

void check_standard_finalizers(const meta::v1::ObjectMeta& meta, const ResourceInfo& resource, const Path& at,
                               FieldErrors& errors) {
  if (!resource.strategy->checks_standard_finalizers()) return;
  for (size_t i = 0; i < meta.finalizers.size(); ++i)
    for (const std::string& m : machinery::is_finalizer(meta.finalizers[i]))
      errors.invalid(at.index(i), meta.finalizers[i], m);
}

void check_prefix(const meta::v1::ObjectMeta& meta, const ResourceInfo& resource, FieldErrors& errors) {
  if (meta.generateName.empty()) return;
  // A prefix may end in a dash: the check takes it as if something followed.
  std::string prefix = meta.generateName;
  if (prefix.size() > 1 && prefix.back() == '-') prefix.back() = 'a';
  for (const std::string& m : resource.strategy->check_name(prefix))
    errors.invalid(Path("metadata").child("generateName"), meta.generateName, m);
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
  if (resource.strategy->checks_prefix() != PrefixCheck::Never) check_prefix(meta, resource, errors);
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
  check_finalizers(meta, at.child("finalizers"), errors);
  check_standard_finalizers(meta, resource, at.child("finalizers"), errors);
}

void check_object_meta_update(const meta::v1::ObjectMeta& meta, const meta::v1::ObjectMeta& old,
                              const ResourceInfo& resource, FieldErrors& errors) {
  // Who asks fills in what a request left out; a value that is gone could not be told of below.
  MZ_CHECK(meta.deletionTimestamp || !old.deletionTimestamp, "{} loses its deletion time", old.name);
  MZ_CHECK(meta.deletionGracePeriodSeconds || !old.deletionGracePeriodSeconds, "{} loses its grace period",
           old.name);
  const Path at("metadata");
  constexpr std::string_view immutable = "field is immutable";
  check_labels(meta.labels, at.child("labels"), errors);
  check_annotations(meta.annotations, at.child("annotations"), errors);
  check_owner_references(meta, at.child("ownerReferences"), errors);
  check_finalizers(meta, at.child("finalizers"), errors);
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
  if (meta.generation < old.generation)
    errors.invalid(at.child("generation"), meta.generation, "must not be decremented");
  if (meta.name != old.name) errors.invalid(at.child("name"), meta.name, immutable);
  if (meta.namespace_ != old.namespace_) errors.invalid(at.child("namespace"), meta.namespace_, immutable);
  if (meta.uid != old.uid) errors.invalid(at.child("uid"), meta.uid, immutable);
  if (meta.deletionTimestamp != old.deletionTimestamp)
    errors.invalid(at.child("deletionTimestamp"), codec::format_time(*meta.deletionTimestamp), immutable);
  if (meta.deletionGracePeriodSeconds != old.deletionGracePeriodSeconds)
    errors.invalid(at.child("deletionGracePeriodSeconds"), *meta.deletionGracePeriodSeconds, immutable);
  check_standard_finalizers(meta, resource, at.child("finalizers"), errors);
}

void check_generated_name(const meta::v1::ObjectMeta& meta, const ResourceInfo& resource,
                          FieldErrors& errors) {
  if (resource.strategy->checks_prefix() == PrefixCheck::Always) check_prefix(meta, resource, errors);
}

}  // namespace mizzen::api
