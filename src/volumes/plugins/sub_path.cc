#include "volumes/plugins/sub_path.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/strings.h"
#include "linux/files/file.h"
#include "linux/files/mounts.h"
#include "telemetry/log.h"
#include "volumes/plugins/volume_walk.h"

namespace mizzen::volumes {
namespace {

Result<std::string> bind(const PodFolders& folders, const SubPath& s, VolumeWalk& walk) {
  MZ_ASSIGN(const auto found, walk.open(s.path));
  struct stat st{};
  if (::fstat(found.get(), &st) != 0) return system_error("stat subPath " + s.path, errno);
  const std::string folder =
      fmt::format("{}/volume-subpaths/{}/{}", folders.pod(s.pod_uid), s.volume, s.container);
  const std::string target = fmt::format("{}/{}", folder, s.index);
  MZ_TRY(make_folders(folder, 0750));
  // Anew for each start: the path may mean another file by now (an updated config map).
  MZ_TRY(linux::unmount(target));
  MZ_TRY(linux::remove_all(target));
  if (S_ISDIR(st.st_mode)) {
    MZ_TRY(make_folders(target, 0750));
  } else {
    MZ_TRY(write_file(target, "", 0640));
  }
  MZ_TRY(linux::bind_mount(found, target, {.read_only = s.read_only}));
  return target;
}

}  // namespace

Result<std::string> bind_sub_path(const PodFolders& folders, const SubPath& s) {
  if (s.path.starts_with("/"))
    return Error(Code::BadRequest, fmt::format("error SubPath `{}` must not be an absolute path", s.path));
  const auto parts = split(s.path, '/');
  if (std::find(parts.begin(), parts.end(), "..") != parts.end()) {
    return Error(Code::BadRequest,
                 fmt::format("unable to provision SubPath `{}`: must not contain '..'", s.path));
  }
  VolumeWalk walk(s.volume_path);
  auto bound = bind(folders, s, walk);
  if (bound.ok()) return bound;
  // The reason may say what the node has elsewhere: it is for the node's log, not for the pod's events.
  const std::string told = fmt::format("failed to {} for volumeMount \"{}\" of container \"{}\"",
                                       walk.failed_to_make() ? "create subPath directory" : "prepare subPath",
                                       s.volume, s.container);
  log::warn("volumes", told, {log::kv("pod", s.pod_uid), log::kv("error", bound.error().message())});
  return Error(bound.error().code(), told);
}

}  // namespace mizzen::volumes
