#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cri/runtime.h"
#include "kubelet/schema/stats/v1alpha1/summary.h"
#include "kubelet/state/pod_facts.h"
#include "kubelet/state/runtime_state.h"
#include "kubelet/stats/disk_looks.h"
#include "linux/files/file.h"
#include "linux/files/machine_use.h"
#include "linux/groups/cgroups.h"

namespace mizzen::kubelet {

using stats::v1alpha1::CPUStats;
using stats::v1alpha1::FsStats;
using stats::v1alpha1::MemoryStats;
using stats::v1alpha1::NetworkStats;
using stats::v1alpha1::PodStats;
using stats::v1alpha1::Summary;
using stats::v1alpha1::SwapStats;

/// A reading at a time, and how fast it grows.
struct CpuReading {
  uint64_t total_ns = 0;
  std::optional<uint64_t> per_second_ns;
};

// Pure: readings in the form of upstream's summary.

CPUStats cpu_stats(const CpuReading& reading, WallTime at);
/// Of a group; available where it has a limit.
MemoryStats memory_stats(const linux::GroupUse& use, WallTime at);
MemoryStats memory_stats(const linux::MachineUse& use, WallTime at);
/// `main` is the interface that counts; all others are told beside it.
NetworkStats network_stats(const std::vector<linux::InterfaceUse>& all, const std::string& main, WallTime at);
FsStats fs_stats(const linux::DiskSpace& space, WallTime at);
/// Of a part of a file system, whose own space is told too where it is known.
FsStats part_stats(const std::optional<linux::DiskSpace>& space, uint64_t bytes, uint64_t files, WallTime at);

/// What was read of one pod.
struct PodReadings {
  struct Container {
    std::string name;
    codec::Time started;
    std::optional<linux::GroupUse> use;
    std::optional<CpuReading> cpu;
    std::optional<cri::v1::ContainerStats> told;  ///< by the runtime
    std::optional<DiskLooks::Use> logs;
  };
  struct Volume {
    std::string name;
    std::optional<DiskLooks::Use> use;      ///< on disk
    std::optional<linux::DiskSpace> space;  ///< in memory
  };
  const Pod& pod;
  codec::Time started;
  std::vector<Container> containers;
  std::vector<Volume> volumes;
  std::optional<linux::GroupUse> use;
  std::optional<CpuReading> cpu;
  std::vector<linux::InterfaceUse> interfaces;
  std::optional<linux::DiskSpace> node_disk;
  std::optional<linux::DiskSpace> image_disk;
  WallTime at;
};
PodStats pod_stats(const PodReadings& readings);

/// What is left of it for who asks for processors and memory alone.
Summary cpu_and_memory_of(const Summary& summary);

}  // namespace mizzen::kubelet
