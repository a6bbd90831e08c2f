#pragma once
#include <memory>
#include <string>
#include <vector>

#include "api/schema/core/v1/pod.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "volumes/plugins/sub_path.h"
#include "volumes/plugins/volume_plugin.h"

namespace mizzen::volumes {

/// Role: all types of volumes that this node can do, by their plug-ins, and the folders of pods around them:
/// `pods_folder/<uid>/volumes`, laid out as upstream's. Place: one per node; which volumes are to be set up
/// when is the kubelet's plan. Truth: the folders and mounts on disk; nothing is remembered, so a restart
/// needs no recovery. Threading: thread-safe for different pods; calls for one pod come one at a time, and
/// block as long as the disk does. Failure: set_up() is repeated by whoever plans.
class Volumes {
 public:
  struct Options {
    /// What is to be in memory (secrets, tokens, emptyDirs of medium Memory) is mounted there, which needs
    /// root; else it is a folder as the others are: for the simulation, where nothing is secret.
    bool memory = true;
  };
  Volumes(std::string pods_folder, const Clock& clock, Random& random, Options options);
  Volumes(std::string pods_folder, const Clock& clock, Random& random)
      : Volumes(std::move(pods_folder), clock, random, Options()) {}
  ~Volumes();

  /// BadRequest naming the type where no plug-in can. Called again, it brings the content up to date.
  Result<void> set_up(const api::core::v1::Volume& volume, const PayloadContext& context);
  /// Its content is made of objects of the API.
  bool follows_objects(const api::core::v1::Volume& volume) const;
  /// It was set up, and can be mounted without asking anybody: whatever its sources have become, its content
  /// is the last that was written.
  bool stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const;
  /// ServiceUnavailable where it does not stand. Checks a hostPath again.
  Result<ReadyVolume> ready(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const;
  Result<std::string> bind_sub_path(const SubPath& sub_path) {
    return volumes::bind_sub_path(folders_, sub_path);
  }

  /// Unmounts and removes everything of the pod. What hostPath volumes point to is never touched. Idempotent.
  Result<void> tear_down(const std::string& pod_uid);
  std::string pod_folder(const std::string& pod_uid) const { return folders_.pod(pod_uid); }

 private:
  VolumePlugin* plugin_of(const api::core::v1::Volume& volume) const;
  const PodFolders folders_;
  std::vector<std::unique_ptr<VolumePlugin>> plugins_;
};

}  // namespace mizzen::volumes
