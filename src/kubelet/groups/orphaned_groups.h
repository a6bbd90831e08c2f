#pragma once
#include <functional>
#include <string>

#include "linux/groups/cgroups.h"

namespace mizzen::kubelet {

/// Removes control groups of pods that nobody knows: of an agent that died between a pod's sandbox and its
/// group, or of a runtime that lost its records. Processes that are still inside are ended by `kill` first,
/// and the group goes with a later call. How many went. Blocks on the kernel.
size_t remove_orphaned_groups(const linux::Cgroups& groups, const std::string& root,
                              const std::function<bool(const std::string& uid)>& is_known,
                              const std::function<void(int pid)>& kill);

/// Removes the group of a pod whose containers were all stopped. Processes that the runtime lost, of a start
/// that was cut off, are ended by `kill`; an error until they are gone. Success where there is none.
Result<void> remove_pod_group(const linux::Cgroups& groups, const std::string& group,
                              const std::function<void(int pid)>& kill);

}  // namespace mizzen::kubelet
