#pragma once
#include <string>
#include <string_view>

#include "base/clock.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// Where a manifest was found, and by whom.
struct ManifestOrigin {
  std::string node_name;
  std::string source;  ///< file, http
  std::string place;   ///< the file's path, the URL
  WallTime now;
};

/// Pure: the pod that a manifest (JSON or YAML, of kind Pod) declares for this node, as upstream makes static
/// pods: its name ends in the node's, its uid is made of what it says and where it stands (unless it names
/// one), defaults are filled in, it tolerates every NoExecute taint. Errors: BadRequest or Invalid with
/// upstream's words, field paths included: what is no pod, what the API would refuse, and pods that name
/// objects of the API (`static pods may not reference secrets`).
Result<Pod> static_pod_of(std::string_view manifest, const ManifestOrigin& origin);

}  // namespace mizzen::kubelet
