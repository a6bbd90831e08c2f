#pragma once
#include "kubelet/config/cri_config.h"
#include "kubelet/work/make_sandbox.h"

/// What a container needs before it can be made: its environment, its mounts, the files of the node behind
/// them. Everything here reads and writes files of this node, and blocks no longer than they do.
namespace mizzen::kubelet {

/// Sets up or refreshes all volumes; the first failure, with the text of its FailedMount event.
Result<void> set_up_volumes(NodeWorld& world, const Pod& pod);
/// Every volume was set up before, and can be mounted as it stands.
bool volumes_stand(NodeWorld& world, const Pod& pod);
/// NotFound and the like become CreateContainerConfigError, in upstream's words.
Result<cri::v1::ContainerConfig> configure_container(NodeWorld& world, const Pod& pod,
                                                     const Container& container, int32_t restarts,
                                                     const Placed& placed, const PulledImage& image);
/// What the pod's pull secrets say about this image; an event where one of them is missing.
Credentials pull_credentials(NodeWorld& world, const Pod& pod, const std::string& image);
/// How many containers of this name there were, by the logs that are left.
int32_t restarts_by_logs(const NodeWorld& world, const Pod& pod, const std::string& container);
/// Gives back what the pod had of the node, but for its containers' records and logs: volumes, control group.
Result<void> release(NodeWorld& world, const Pod& pod);

}  // namespace mizzen::kubelet
