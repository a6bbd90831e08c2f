#pragma once
#include <map>
#include <memory>
#include <string>

#include "api/schema/core/v1/persistent_volume.h"
#include "api/schema/core/v1/persistent_volume_claim.h"
#include "api/schema/resource/v1/resource_claim.h"
#include "api/schema/storage/v1/storage_class.h"

namespace mizzen::scheduler {

/// Role: what pods claim beside room on a node, as the API has it: storage and devices. Threading: a plain
/// value with one owner. Bounds: what the cluster has.
struct Claims {
  template <typename T>
  using ByName =
      std::map<std::string, std::shared_ptr<const T>, std::less<>>;  ///< "namespace/name" or "name"

  ByName<api::core::v1::PersistentVolumeClaim> volume_claims;
  ByName<api::core::v1::PersistentVolume> volumes;
  ByName<api::storage::v1::StorageClass> classes;
  ByName<api::resource::v1::ResourceClaim> resource_claims;

  template <typename T>
  static const T* find(const ByName<T>& among, const std::string& name) {
    const auto it = among.find(name);
    return it == among.end() ? nullptr : it->second.get();
  }
};

}  // namespace mizzen::scheduler
