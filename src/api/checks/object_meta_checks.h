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
/// The immutable parts on update; finalizers may not be added to a terminating object.
void check_object_meta_update(const meta::v1::ObjectMeta& meta, const meta::v1::ObjectMeta& old,
                              machinery::FieldErrors& errors);
/// Label maps anywhere in an object (pod templates ...).
void check_labels(const codec::Map<std::string>& labels, const machinery::Path& at,
                  machinery::FieldErrors& errors);
void check_annotations(const codec::Map<std::string>& annotations, const machinery::Path& at,
                       machinery::FieldErrors& errors);

}  // namespace mizzen::api
