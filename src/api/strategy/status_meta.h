#pragma once
#include "machinery/schema/meta/v1/object_meta.h"

namespace mizzen::api {

/// Of the metadata a write of one part changes nothing: the status of the newer kinds, pods' ephemeral
/// containers. As upstream's ResetObjectMetaForStatus.
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
