#include "admission/plugins/persistent_volume_claim_resize/persistent_volume_claim_resize.h"

#include "api/schema/core/v1/persistent_volume_claim.h"
#include "api/schema/storage/v1/storage_class.h"

namespace mizzen::admission {
namespace {

using api::core::v1::PersistentVolumeClaim;
using api::storage::v1::StorageClass;

constexpr Interest kInterests[] = {
    {static_cast<Operations>(Operation::Update), "", "persistentvolumeclaims", ""}};

codec::Quantity size_of(const PersistentVolumeClaim& claim) {
  const codec::Quantity* size = claim.spec.resources.requests.find("storage");
  return size ? *size : codec::Quantity();
}

std::string class_of(const PersistentVolumeClaim& claim) {
  const std::string* annotated = claim.metadata.annotations.find("volume.beta.kubernetes.io/storage-class");
  return annotated ? *annotated : claim.spec.storageClassName.value_or("");
}

}  // namespace

std::span<const Interest> PersistentVolumeClaimResize::interests() const { return kInterests; }

Plugin::Answer PersistentVolumeClaimResize::validate(const Attributes& a, const Resume&) const {
  const auto* now = a.object->as<PersistentVolumeClaim>();
  const auto* old = a.old.as<PersistentVolumeClaim>();
  if (!now || !old || size_of(*now).compare(size_of(*old)) <= 0) return Result<void>();
  if (old->status.phase != "Bound") return refuse(a, "Only bound persistent volume claims can be expanded");
  const std::string name = class_of(*now);
  const Object found =
      name.empty() || name != class_of(*old) ? Object() : objects_.cached<StorageClass>("", name);
  if (found && found.as<StorageClass>()->allowVolumeExpansion.value_or(false)) return Result<void>();
  return refuse(
      a,
      "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc "
      "must support resize");
}

}  // namespace mizzen::admission
