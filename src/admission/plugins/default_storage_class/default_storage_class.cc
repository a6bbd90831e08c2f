#include "admission/plugins/default_storage_class/default_storage_class.h"

#include "api/schema/core/v1/persistent_volume_claim.h"
#include "api/schema/storage/v1/storage_class.h"

namespace mizzen::admission {
namespace {

using api::core::v1::PersistentVolumeClaim;
using api::storage::v1::StorageClass;

constexpr Interest kInterests[] = {
    {static_cast<Operations>(Operation::Create), "", "persistentvolumeclaims", ""}};

bool is_default(const StorageClass& c) {
  const auto& annotations = c.metadata.annotations;
  return annotations.get("storageclass.kubernetes.io/is-default-class") == "true" ||
         annotations.get("storageclass.beta.kubernetes.io/is-default-class") == "true";
}

/// The newest first; of the same second the first by name.
bool goes_before(const StorageClass& a, const StorageClass& b) {
  if (a.metadata.creationTimestamp != b.metadata.creationTimestamp)
    return a.metadata.creationTimestamp > b.metadata.creationTimestamp;
  return a.metadata.name < b.metadata.name;
}

}  // namespace

std::span<const Interest> DefaultStorageClass::interests() const { return kInterests; }

Plugin::Answer DefaultStorageClass::mutate(Attributes& a, const Resume&) const {
  auto* claim = a.object->as<PersistentVolumeClaim>();
  const api::RegistryPtr registry = objects_.registry();
  const api::ResourceInfo* classes = registry->find<StorageClass>();
  // A class that is asked for may have no name: none is wanted.
  if (!claim || !classes || claim->spec.storageClassName ||
      claim->metadata.annotations.contains("volume.beta.kubernetes.io/storage-class"))
    return Result<void>();
  std::shared_ptr<const StorageClass> chosen;
  for (const Object& object : objects_.all(*classes)) {
    auto c = object.share<StorageClass>();
    if (is_default(*c) && (!chosen || goes_before(*c, *chosen))) chosen = std::move(c);
  }
  if (chosen) claim->spec.storageClassName = chosen->metadata.name;
  return Result<void>();
}

}  // namespace mizzen::admission
