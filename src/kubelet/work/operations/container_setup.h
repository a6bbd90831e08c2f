#pragma once
#include "kubelet/config/cri_config.h"
#include "kubelet/work/operations/make_sandbox.h"

/// What a container needs before it can be made: its environment, its mounts, the files of the node behind
/// them. Everything here reads and writes files of this node, and blocks no longer than they do.
namespace mizzen::kubelet {

/// `target_id`: the container whose processes it sees; empty: its own alone. NotFound and the like become
/// CreateContainerConfigError, in upstream's words.
Result<cri::v1::ContainerConfig> configure_container(NodeWorld& world, const Pod& pod,
                                                     const Container& container, int32_t restarts,
                                                     const Placed& placed, const PulledImage& image,
                                                     const std::string& target_id);
/// What the pod's pull secrets say about this image; an event where one of them is missing.
Credentials pull_credentials(NodeWorld& world, const Pod& pod, const std::string& image);
/// How many containers of this name there were, by the logs that are left.
int32_t restarts_by_logs(const NodeWorld& world, const Pod& pod, const std::string& container);
/// Gives back what the pod had of the node, but for its containers' records and logs: volumes, control group.
/// Blocks as long as the disk does.
Result<void> release(NodeWorld& world, const Pod& pod);

}  // namespace mizzen::kubelet
