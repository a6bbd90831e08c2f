#pragma once
#include "base/clock.h"
#include "base/random.h"
#include "volumes/plugins/volume_plugin.h"

namespace mizzen::volumes {

/// Role: a volume whose files are made of objects of the API or of the pod itself: configMap, secret,
/// downwardAPI, projected, one plug-in each. A payload is never half visible.
class PayloadVolume final : public VolumePlugin {
 public:
  struct Type {
    const char* name;
    bool (*can)(const api::core::v1::VolumeSource& source);
    bool in_memory;  ///< must not reach a disk
  };
  /// The four types.
  static const std::vector<Type>& types();
  PayloadVolume(Type type, PodFolders folders, const Clock& clock, Random& random)
      : type_(type), folders_(std::move(folders)), clock_(clock), random_(random) {}
  std::string_view name() const override { return type_.name; }
  bool can(const api::core::v1::VolumeSource& source) const override { return type_.can(source); }
  bool follows_objects() const override { return true; }
  Result<void> set_up(const api::core::v1::Volume& volume, const PayloadContext& context) override;
  bool stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const override;
  Result<ReadyVolume> ready(const api::core::v1::Volume& volume,
                            const api::core::v1::Pod& pod) const override;

 private:
  std::string folder(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const {
    return folders_.volume(pod.metadata.uid, name(), volume.name);
  }
  const Type type_;
  const PodFolders folders_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace mizzen::volumes
