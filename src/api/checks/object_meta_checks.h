#pragma once
#include "api/registry/registry.h"
#include "machinery/errors/field_errors.h"
#include "machinery/schema/meta/v1/object_meta.h"

namespace mizzen::api {

/// Bytes of all annotations of an object together.
inline constexpr size_t kAnnotationBytesMax = 256 * 1024;

/// What upstream checks of the metadata of every object, in its words.
void check_object_meta(const meta::v1::ObjectMeta& meta, const ResourceInfo& resource,
                       machinery::FieldErrors& errors);
/// The same on every update, also of a status: what may change is right, the rest is as it was; finalizers
/// may not be added to a terminating object. What `old` has of deletion `meta` must have as well.
void check_object_meta_update(const meta::v1::ObjectMeta& meta, const meta::v1::ObjectMeta& old,
                              const ResourceInfo& resource, machinery::FieldErrors& errors);
/// The prefix that a name was once made from, on updates of kinds that look at it.
void check_generated_name(const meta::v1::ObjectMeta& meta, const ResourceInfo& resource,
                          machinery::FieldErrors& errors);
/// Label maps anywhere in an object (pod templates ...).
void check_labels(const codec::Map<std::string>& labels, const machinery::Path& at,
                  machinery::FieldErrors& errors);
void check_annotations(const codec::Map<std::string>& annotations, const machinery::Path& at,
                       machinery::FieldErrors& errors);

}  // namespace mizzen::api
