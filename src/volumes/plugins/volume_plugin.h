#pragma once
#include <string>
#include <string_view>

#include "api/schema/core/v1/pod.h"
#include "base/result.h"
#include "volumes/content/payload.h"

namespace mizzen::volumes {

/// A volume as a container may have it mounted.
struct ReadyVolume {
  std::string host_path;
  bool read_only = false;  ///< whatever the mount says: config maps, secrets, projections
};

/// Where pods have their folders, laid out as upstream's.
struct PodFolders {
  std::string root;
  std::string pod(const std::string& uid) const { return root + "/" + uid; }
  /// What containers see. `type` is the plug-in's name.
  std::string volume(const std::string& uid, std::string_view type, const std::string& name) const;
  /// What the plug-in keeps for itself.
  std::string notes(const std::string& uid, std::string_view type, const std::string& name) const;
};

/// Role: one type of volume. Place: in the list of Volumes, which asks the first that can. Truth: what stands
/// is on the disk; nothing is remembered, so a restart needs no recovery. Threading: thread-safe for
/// different pods; calls for one pod come one at a time. Every call may block as long as the disk does.
class VolumePlugin {
 public:
  virtual ~VolumePlugin() = default;
  /// As folders of its volumes are called: empty-dir, configmap.
  virtual std::string_view name() const = 0;
  virtual bool can(const api::core::v1::VolumeSource& source) const = 0;
  /// Its content is made of objects of the API: it is set up again when they change.
  virtual bool follows_objects() const { return false; }
  /// Desired becomes actual: makes the volume, or brings its content up to date. Idempotent.
  virtual Result<void> set_up(const api::core::v1::Volume& volume, const PayloadContext& context) = 0;
  /// Actual: it was set up, and can be mounted without asking anybody, whatever its sources have become.
  virtual bool stands(const api::core::v1::Volume& volume, const api::core::v1::Pod& pod) const = 0;
  /// Requires stands().
  virtual Result<ReadyVolume> ready(const api::core::v1::Volume& volume,
                                    const api::core::v1::Pod& pod) const = 0;
};

/// Gives a volume's root its mode and, where there is one, the pod's group.
Result<void> own_volume(const std::string& path, unsigned mode, const api::core::v1::Pod& pod);

}  // namespace mizzen::volumes
