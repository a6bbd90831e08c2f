#pragma once
#include "volumes/plugins/volume_plugin.h"

namespace mizzen::volumes {

/// emptyDir: a folder on the disk, or in memory (where `memory` says that there is such), that lives as long
/// as the pod.
class EmptyDir final : public VolumePlugin {
 public:
  EmptyDir(PodFolders folders, bool memory) : folders_(std::move(folders)), memory_(memory) {}
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
  bool in_memory(const api::core::v1::Volume& volume) const {
    return memory_ && volume.volumeSource.emptyDir->medium == "Memory";
  }
  const PodFolders folders_;
  const bool memory_;
};

}  // namespace mizzen::volumes
