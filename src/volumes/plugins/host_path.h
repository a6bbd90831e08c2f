#pragma once
#include "volumes/plugins/volume_plugin.h"

namespace mizzen::volumes {

/// hostPath: what stands on the node, looked at again before each mount; made where its type says so.
class HostPath final : public VolumePlugin {
 public:
  std::string_view name() const override { return "host-path"; }
  bool can(const api::core::v1::VolumeSource& source) const override { return source.hostPath.has_value(); }
  Result<void> set_up(const api::core::v1::Volume& volume, const PayloadContext& context) override;
  bool stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const override;
  Result<ReadyVolume> ready(const api::core::v1::Volume& volume,
                            const api::core::v1::Pod& pod) const override;
};

/// Checks what stands at a hostPath against its type; creates nothing. Texts are upstream's.
Result<void> check_host_path(const std::string& path, const std::string& type);

}  // namespace mizzen::volumes
