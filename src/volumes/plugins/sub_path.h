#pragma once
#include "volumes/plugins/volume_plugin.h"

namespace mizzen::volumes {

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

/// Binds what stands at the path (`volume_walk.h`) to a place of our own and returns that place. Where
/// nothing stands, folders are made, of the volume's own mode and, with fsGroup, group: whoever may write the
/// volume may write them. Never leaves the volume, whatever links the pod puts there (Forbidden). Failures
/// have upstream's texts, and their reasons are logged.
Result<std::string> bind_sub_path(const PodFolders& folders, const SubPath& sub_path);

}  // namespace mizzen::volumes
