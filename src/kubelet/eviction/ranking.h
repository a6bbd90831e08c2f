#pragma once
#include <memory>
#include <string>
#include <vector>

#include "kubelet/eviction/judge.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

using PodList = std::vector<std::shared_ptr<const Pod>>;

/// Pure: the pods in the order in which they go when this runs short: who uses more than it asked for, then
/// lower priority, then who uses most beyond that. Of processes: lower priority, then most processes. What
/// counts for a disk is what stands on it: with a disk of its own for images, layers of containers stand
/// there, logs and volumes on the node's.
PodList rank_for_eviction(PodList pods, const stats::v1alpha1::Summary& summary, Signal signal,
                          bool has_image_disk);

/// Pure: why a pod goes that was chosen, in upstream's words.
std::string eviction_message(const Threshold& threshold, const Observations& seen, const Pod& pod,
                             const stats::v1alpha1::Summary& summary);

/// Pure: which of its limits of storage the pod is over, in upstream's words; empty: none. Layers of
/// containers count against their limits only where images have no disk of their own.
std::string storage_excess(const Pod& pod, const stats::v1alpha1::PodStats& used, bool has_image_disk);
/// Pure: something that storage_excess() looks at beside emptyDirs is limited.
bool limits_containers_storage(const Pod& pod);

}  // namespace mizzen::kubelet
