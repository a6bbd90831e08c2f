#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// Where a manifest was found, and by whom.
struct ManifestOrigin {
  std::string node_name;
  std::string source;  ///< file, http, etcd, push
  std::string place;   ///< the file's path, the URL
  WallTime now;
};

/// Pods that one document declares at most.
inline constexpr size_t kPodsOfManifestMax = 1000;

/// Pure: the pods that a manifest declares for this node: JSON or YAML; a Pod, a PodList or a List of pods of
/// v1, or what v1beta1 had for them (a Pod with desiredState, the manifest of a container host, BoundPods,
/// lists of these, a bare list of manifests: api/v1beta1). Made as upstream makes static
/// pods: a name ends in the node's, a uid is made of what it says and where it stands (unless it names
/// one), defaults are filled in, each tolerates every NoExecute taint. Errors: BadRequest or Invalid with
/// upstream's words, field paths included: what is no pod, what the API would refuse, and pods that name
/// objects of the API (`static pods may not reference secrets`).
Result<std::vector<Pod>> static_pods_of(std::string_view manifest, const ManifestOrigin& origin);
/// The same of a manifest of one pod.
Result<Pod> static_pod_of(std::string_view manifest, const ManifestOrigin& origin);

}  // namespace mizzen::kubelet
