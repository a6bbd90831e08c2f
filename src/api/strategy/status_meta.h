#pragma once
#include "machinery/schema/meta/v1/object_meta.h"

namespace mizzen::api {

/// Of the metadata a status update of the newer kinds changes nothing.
inline void keep_meta(meta::v1::ObjectMeta& meta, const meta::v1::ObjectMeta& old) {
  meta.deletionTimestamp = old.deletionTimestamp;
  meta.generation = old.generation;
  meta.selfLink = old.selfLink;
  meta.labels = old.labels;
  meta.annotations = old.annotations;
  meta.finalizers = old.finalizers;
  meta.ownerReferences = old.ownerReferences;
}

}  // namespace mizzen::api
