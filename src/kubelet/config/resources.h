#pragma once
#include <cstdint>
#include <optional>

#include "kubelet/state/pod_facts.h"
#include "linux/groups/cgroups.h"

namespace mizzen::kubelet {

/// Pure: what a container's requests and limits mean to the kernel, as upstream computes it.
struct KernelResources {
  int64_t cpu_shares = 2;
  int64_t cpu_quota_us = 0;        ///< per 100 ms; 0: none
  int64_t memory_limit_bytes = 0;  ///< 0: none
  int64_t oom_score_adj = 1000;
};
inline constexpr int64_t kCpuPeriodUs = 100'000;

KernelResources kernel_resources(const Pod& pod, const Container& container, int64_t node_memory_bytes);
/// The limits of the pod's own control group: the sum of its containers', where each of them has one.
linux::CgroupLimits pod_limits(const Pod& pod);

}  // namespace mizzen::kubelet
