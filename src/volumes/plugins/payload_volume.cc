#include "volumes/plugins/payload_volume.h"

#include "base/file.h"
#include "linux/files/mounts.h"
#include "volumes/content/atomic_writer.h"
#include "volumes/content/pod_owner.h"

namespace mizzen::volumes {

const std::vector<PayloadVolume::Type>& PayloadVolume::types() {
  using Source = api::core::v1::VolumeSource;
  static const std::vector<Type> all = {
      {"configmap", [](const Source& s) { return s.configMap.has_value(); }, false},
      {"secret", [](const Source& s) { return s.secret.has_value(); }, true},
      {"downward-api", [](const Source& s) { return s.downwardAPI.has_value(); }, true},
      {"projected", [](const Source& s) { return s.projected.has_value(); }, true}};
  return all;
}

bool PayloadVolume::stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const {
  return path_exists(folder(volume, pod) + "/..data");
}

Result<ReadyVolume> PayloadVolume::ready(const api::core::v1::Volume& volume,
                                         const api::core::v1::Pod& pod) const {
  return ReadyVolume{folder(volume, pod), true};
}

Result<void> PayloadVolume::set_up(const api::core::v1::Volume& volume, const PayloadContext& context) {
  MZ_ASSIGN(const auto payload, payload_of(volume, context));
  const std::string path = folder(volume, context.pod);
  MZ_TRY(make_folders(path, 0750));
  if (type_.in_memory) {
    MZ_ASSIGN(const bool mounted, linux::is_mount_point(path));
    if (!mounted) {
      MZ_TRY(
          linux::mount_tmpfs(path, {.size_bytes = context.memory_bytes_max, .mode = 0777, .no_swap = true}));
    }
  }
  MZ_TRY(own_volume(path, 0777, context.pod));
  MZ_ASSIGN([[maybe_unused]] const bool changed,
            write_payload(path, payload, clock_.wall(), random_, fs_group(context.pod)));
  return {};
}

}  // namespace mizzen::volumes
