#include "kubelet/stats/stats_build.h"

#include <fmt/format.h>

#include <algorithm>

namespace mizzen::kubelet {
namespace {

using stats::v1alpha1::ContainerStats;
using stats::v1alpha1::InterfaceStats;

uint64_t less(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

std::optional<uint64_t> value(const auto& told) {
  return told ? std::optional<uint64_t>(told->value) : std::nullopt;
}

InterfaceStats interface_stats(const linux::InterfaceUse& use) {
  InterfaceStats out;
  out.name = use.name;
  out.rxBytes = use.received_bytes;
  out.rxErrors = use.received_errors;
  out.txBytes = use.sent_bytes;
  out.txErrors = use.sent_errors;
  return out;
}

ContainerStats container_stats(const PodReadings& pod, const PodReadings::Container& c) {
  ContainerStats out;
  out.name = c.name;
  out.startTime = c.started;
  if (c.cpu) out.cpu = cpu_stats(*c.cpu, pod.at);
  if (c.use && c.use->working_set_bytes) out.memory = memory_stats(*c.use, pod.at);
  if (c.use && c.use->swap_bytes) {
    out.swap.ensure().time = codec::Time::from(pod.at);
    out.swap->swapUsageBytes = c.use->swap_bytes;
  }
  if (c.told && c.told->writable_layer) {
    const auto& layer = *c.told->writable_layer;
    out.rootfs = part_stats(pod.image_disk, value(layer.used_bytes).value_or(0),
                            value(layer.inodes_used).value_or(0), pod.at);
  }
  if (!out.memory && c.told && c.told->memory) {
    out.memory.ensure().time = codec::Time::from(pod.at);
    out.memory->workingSetBytes = value(c.told->memory->working_set_bytes);
    out.memory->usageBytes = value(c.told->memory->usage_bytes);
  }
  if (c.logs) out.logs = part_stats(pod.node_disk, c.logs->bytes, c.logs->files, c.logs->at);
  return out;
}

void add(FsStats& sum, const FsStats& part) {
  sum.usedBytes = sum.usedBytes.value_or(0) + part.usedBytes.value_or(0);
  sum.inodesUsed = sum.inodesUsed.value_or(0) + part.inodesUsed.value_or(0);
}

}  // namespace

CPUStats cpu_stats(const CpuReading& reading, WallTime at) {
  CPUStats out;
  out.time = codec::Time::from(at);
  out.usageCoreNanoSeconds = reading.total_ns;
  out.usageNanoCores = reading.per_second_ns;
  return out;
}

MemoryStats memory_stats(const linux::GroupUse& use, WallTime at) {
  MemoryStats out;
  out.time = codec::Time::from(at);
  if (use.memory_limit_bytes && use.working_set_bytes)
    out.availableBytes = less(*use.memory_limit_bytes, *use.working_set_bytes);
  out.usageBytes = use.memory_bytes;
  out.workingSetBytes = use.working_set_bytes;
  out.rssBytes = use.rss_bytes;
  out.pageFaults = use.page_faults;
  out.majorPageFaults = use.major_page_faults;
  return out;
}

MemoryStats memory_stats(const linux::MachineUse& use, WallTime at) {
  MemoryStats out;
  out.time = codec::Time::from(at);
  out.usageBytes = less(use.memory_bytes, use.memory_free_bytes);
  out.workingSetBytes = less(*out.usageBytes, use.file_cache_bytes);
  out.availableBytes = less(use.memory_bytes, *out.workingSetBytes);
  out.rssBytes = use.anonymous_bytes;
  out.pageFaults = use.page_faults;
  out.majorPageFaults = use.major_page_faults;
  return out;
}

NetworkStats network_stats(const std::vector<linux::InterfaceUse>& all, const std::string& main,
                           WallTime at) {
  NetworkStats out;
  out.time = codec::Time::from(at);
  for (const auto& one : all) {
    out.interfaces.push_back(interface_stats(one));
    if (one.name == main) out.interfaceStats = interface_stats(one);
  }
  return out;
}

FsStats fs_stats(const linux::DiskSpace& space, WallTime at) {
  FsStats out = part_stats(space, less(space.bytes, space.available_bytes),
                           less(space.files, space.available_files), at);
  return out;
}

FsStats part_stats(const std::optional<linux::DiskSpace>& space, uint64_t bytes, uint64_t files,
                   WallTime at) {
  FsStats out;
  out.time = codec::Time::from(at);
  out.usedBytes = bytes;
  out.inodesUsed = files;
  if (!space) return out;
  out.capacityBytes = space->bytes;
  out.availableBytes = space->available_bytes;
  // Some file systems have no bound, and no count, of files.
  if (space->files > 0) {
    out.inodes = space->files;
    out.inodesFree = space->available_files;
  }
  return out;
}

PodStats pod_stats(const PodReadings& r) {
  PodStats out;
  out.podRef.name = r.pod.metadata.name;
  out.podRef.namespace_ = r.pod.metadata.namespace_;
  out.podRef.uid = r.pod.metadata.uid;
  out.startTime = r.started;
  FsStats& storage = out.ephemeralStorage.emplace() = part_stats(r.node_disk, 0, 0, r.at);
  for (const auto& container : r.containers) {
    out.containers.push_back(container_stats(r, container));
    const ContainerStats& told = out.containers.back();
    if (told.rootfs) add(storage, *told.rootfs);
    if (told.logs) add(storage, *told.logs);
  }
  for (const auto& volume : r.volumes) {
    if (!volume.use && !volume.space) continue;
    auto& told = out.volume.emplace_back();
    told.name = volume.name;
    told.fsStats = volume.use ? part_stats(r.node_disk, volume.use->bytes, volume.use->files, volume.use->at)
                              : fs_stats(*volume.space, r.at);
    if (volume.use) add(storage, told.fsStats);
  }
  if (r.cpu) out.cpu = cpu_stats(*r.cpu, r.at);
  if (r.use && r.use->working_set_bytes) out.memory = memory_stats(*r.use, r.at);
  if (r.use && r.use->threads) out.processStats.ensure().processCount = r.use->threads;
  if (r.use && r.use->swap_bytes) {
    out.swap.ensure().time = codec::Time::from(r.at);
    out.swap->swapUsageBytes = r.use->swap_bytes;
  }
  if (!r.interfaces.empty()) out.network = network_stats(r.interfaces, r.interfaces.front().name, r.at);
  return out;
}

Summary cpu_and_memory_of(const Summary& summary) {
  const auto left = [](const ContainerStats& from) {
    ContainerStats out;
    out.name = from.name;
    out.startTime = from.startTime;
    out.cpu = from.cpu;
    out.memory = from.memory;
    return out;
  };
  Summary out;
  out.node.nodeName = summary.node.nodeName;
  out.node.startTime = summary.node.startTime;
  out.node.cpu = summary.node.cpu;
  out.node.memory = summary.node.memory;
  for (const auto& c : summary.node.systemContainers) out.node.systemContainers.push_back(left(c));
  for (const auto& pod : summary.pods) {
    auto& told = out.pods.emplace_back();
    told.podRef = pod.podRef;
    told.startTime = pod.startTime;
    told.cpu = pod.cpu;
    told.memory = pod.memory;
    for (const auto& c : pod.containers) told.containers.push_back(left(c));
  }
  return out;
}

}  // namespace mizzen::kubelet
