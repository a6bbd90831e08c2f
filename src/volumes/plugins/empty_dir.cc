#include "volumes/plugins/empty_dir.h"

#include <fmt/format.h>

#include "base/file.h"
#include "linux/files/mounts.h"

namespace mizzen::volumes {

bool EmptyDir::stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const {
  if (!path_exists(folders_.notes(pod.metadata.uid, name(), volume.name) + "/ready")) return false;
  if (!in_memory(volume)) return true;
  const auto mounted = linux::is_mount_point(folder(volume, pod));
  return mounted.ok() && *mounted;
}

Result<ReadyVolume> EmptyDir::ready(const api::core::v1::Volume& volume,
                                    const api::core::v1::Pod& pod) const {
  return ReadyVolume{folder(volume, pod), false};
}

Result<void> EmptyDir::set_up(const api::core::v1::Volume& volume, const PayloadContext& context) {
  const auto& source = *volume.volumeSource.emptyDir;
  if (source.medium != "" && source.medium != "Memory") {
    return Error(Code::BadRequest,
                 fmt::format("emptyDir medium {} is not supported by this node yet", source.medium));
  }
  const std::string path = folder(volume, context.pod);
  const std::string notes = folders_.notes(context.pod.metadata.uid, name(), volume.name);
  MZ_TRY(make_folders(path, 0750));
  bool mounted = true;
  if (in_memory(volume)) {
    MZ_ASSIGN(mounted, linux::is_mount_point(path));
    if (!mounted) {
      const auto size = source.sizeLimit ? source.sizeLimit->value() : 0;
      MZ_TRY(
          linux::mount_tmpfs(path, {.size_bytes = size > 0 ? static_cast<uint64_t>(size) : 0, .mode = 0777}));
    }
  }
  // Once only: by now its modes belong to the pod.
  if (path_exists(notes + "/ready") && mounted) return {};
  MZ_TRY(own_volume(path, 0777, context.pod));
  MZ_TRY(make_folders(notes, 0750));
  return write_file(notes + "/ready", "", 0640);
}

}  // namespace mizzen::volumes
