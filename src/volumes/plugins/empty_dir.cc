#include "volumes/plugins/empty_dir.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "linux/files/mounts.h"

namespace mizzen::volumes {
namespace {

/// The smaller of what the pod's volumes may have of memory and what this one is to have.
uint64_t size_in_memory(const api::core::v1::EmptyDirVolumeSource& source, uint64_t bytes_max) {
  const int64_t limit = source.sizeLimit ? source.sizeLimit->value() : 0;
  if (limit <= 0) return bytes_max;
  const auto wanted = static_cast<uint64_t>(limit);
  return bytes_max == 0 ? wanted : std::min(wanted, bytes_max);
}

}  // namespace

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
      MZ_TRY(linux::mount_tmpfs(
          path, {.size_bytes = size_in_memory(source, context.memory_bytes_max), .mode = 0777}));
    }
  }
  // Once only: by now its modes belong to the pod.
  if (path_exists(notes + "/ready") && mounted) return {};
  MZ_TRY(own_volume(path, 0777, context.pod));
  MZ_TRY(make_folders(notes, 0750));
  return write_file(notes + "/ready", "", 0640);
}

}  // namespace mizzen::volumes
