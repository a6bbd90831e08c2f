#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

/// The weight that stands for this much CPU, 2 at least.
int64_t shares_of(int64_t cpu_milli);
KernelResources kernel_resources(const Pod& pod, const Container& container, int64_t node_memory_bytes);
/// Of each size of page that the kernel has: how many bytes of them the container may use; none where it says
/// nothing of them.
std::vector<std::pair<uint64_t, uint64_t>> huge_page_limits(const Pod& pod, const Container& container,
                                                            const std::vector<uint64_t>& sizes);
/// 2MB of 2097152.
std::string huge_page_name(uint64_t bytes);

/// Amounts of what a pod computes with.
struct Amounts {
  int64_t cpu_milli = 0;
  int64_t memory_bytes = 0;
  int64_t storage_bytes = 0;  ///< ephemeral
};
/// What the pod needs at the moment at which it needs most, as upstream adds it up: sidecars count beside the
/// regular containers, what the pod itself asks for goes before its containers' sum, overhead comes on top.
Amounts requests_of(const Pod& pod);
Amounts limits_of(const Pod& pod);
/// The limits of the pod's own control group: limits_of() where each of its containers, or the pod itself,
/// has one. `pids_max`: 0 is none.
linux::CgroupLimits pod_limits(const Pod& pod, int64_t pids_max = 0);
/// What each of the pod's volumes in memory may take: no more than its own control group, nor than the node
/// has for pods (`allocatable`; where it is not known yet, what the machine has). 0: nothing is known.
uint64_t volume_memory_max(const Pod& pod, const codec::Map<codec::Quantity>& allocatable,
                           int64_t node_memory_bytes);

}  // namespace mizzen::kubelet
