#pragma once
#include <string>

#include "api/schema/core/v1/pod.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "volumes/payload.h"

namespace mizzen::volumes {

/// A volume as a container may have it mounted.
struct ReadyVolume {
  std::string host_path;
  bool read_only = false;  ///< whatever the mount says: config maps, secrets, projections
};

/// Sets up and takes down the volumes of pods below `pods_folder/<uid>/volumes`, laid out as upstream's.
/// Place: one per node, called by the pod's worker in each sync.
/// Truth: the folders and mounts on disk; nothing is remembered, so a restart needs no recovery.
/// Threading: thread-safe for different pods; calls for one pod come one at a time.
/// Failure: set_up() is repeated by the next sync; a payload is never half visible.
class Volumes {
 public:
  Volumes(std::string pods_folder, const Clock& clock, Random& random)
      : pods_folder_(std::move(pods_folder)), clock_(clock), random_(random) {}

  /// emptyDir, hostPath, configMap, secret, downwardAPI, projected; BadRequest naming the type for any other.
  /// Called again, it brings configMap, secret and downward API content up to date.
  Result<ReadyVolume> set_up(const api::core::v1::Volume& volume, const PayloadContext& context);

  /// It was set up, and can be mounted without asking anybody: whatever its sources have become, its content
  /// is the last that was written.
  bool stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const;
  /// Requires stands(). Checks a hostPath again.
  Result<ReadyVolume> as_it_stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const;

  /// What one mount of a volume with a sub-path needs.
  struct SubPath {
    std::string pod_uid;
    std::string volume;
    std::string volume_path;
    std::string container;
    size_t index = 0;  ///< of the mount in the container
    std::string path;  ///< below the volume; expanded
    bool read_only = false;
  };
  /// Binds what stands at the path (made as a folder where nothing does) to a place of our own and returns
  /// that place. Never leaves the volume, whatever links the pod puts there (Forbidden).
  Result<std::string> bind_sub_path(const SubPath& sub_path);

  /// Unmounts and removes everything of the pod. What hostPath volumes point to is never touched. Idempotent.
  Result<void> tear_down(const std::string& pod_uid);
  std::string pod_folder(const std::string& pod_uid) const { return pods_folder_ + "/" + pod_uid; }

 private:
  Result<ReadyVolume> set_up_empty_dir(const api::core::v1::Volume& volume, const PayloadContext& context);
  Result<ReadyVolume> set_up_payload(const api::core::v1::Volume& volume, const std::string& type,
                                     bool in_memory, const PayloadContext& context);
  std::string volume_folder(const std::string& uid, const std::string& type, const std::string& name) const;
  std::string ready_marker(const std::string& uid, const std::string& name) const;

  const std::string pods_folder_;
  const Clock& clock_;
  Random& random_;
};

/// Checks what stands at a hostPath against its type, creating it where the type says so. Texts are
/// upstream's.
Result<void> check_host_path(const std::string& path, const std::string& type);

}  // namespace mizzen::volumes
