#pragma once
#include "volumes/plugins/volume_plugin.h"

namespace mizzen::volumes {

/// emptyDir: a folder on the disk, or in memory, that lives as long as the pod.
class EmptyDir final : public VolumePlugin {
 public:
  explicit EmptyDir(PodFolders folders) : folders_(std::move(folders)) {}
  std::string_view name() const override { return "empty-dir"; }
  bool can(const api::core::v1::VolumeSource& source) const override { return source.emptyDir.has_value(); }
  Result<void> set_up(const api::core::v1::Volume& volume, const PayloadContext& context) override;
  bool stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const override;
  Result<ReadyVolume> ready(const api::core::v1::Volume& volume,
                            const api::core::v1::Pod& pod) const override;

 private:
  std::string folder(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const {
    return folders_.volume(pod.metadata.uid, name(), volume.name);
  }
  const PodFolders folders_;
};

}  // namespace mizzen::volumes
