#pragma once
#include "kubelet/work/operations/node_world.h"

/// What the runtime keeps of the past, removed in the background: nobody waits for it, and what could not be
/// removed is removed with the pod.
namespace mizzen::kubelet {

/// Records of this container that do not run, but for the `keep` newest; their logs with them.
void remove_old_records(NodeWorld& world, const RuntimePod& state, const std::string& container, size_t keep);
/// Dead sandboxes of earlier attempts, once no container's record (the previous log) hangs on them.
void remove_empty_sandboxes(NodeWorld& world, const RuntimePod& state);

}  // namespace mizzen::kubelet
