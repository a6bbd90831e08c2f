#include "kubelet/eviction/judge.h"

#include <algorithm>

namespace mizzen::kubelet {
namespace {

using Format = codec::Quantity::Format;

void see(Observations& out, Signal signal, const std::optional<uint64_t>& available,
         const std::optional<uint64_t>& capacity, Format format) {
  if (!available || !capacity) return;
  out[signal] = {codec::Quantity::of(static_cast<int64_t>(*available), format),
                 static_cast<int64_t>(*capacity)};
}

void see_disk(Observations& out, Signal bytes, Signal files, const stats::v1alpha1::FsStats& fs) {
  see(out, bytes, fs.availableBytes, fs.capacityBytes, Format::BinarySI);
  see(out, files, fs.inodesFree, fs.inodes, Format::DecimalSI);
}

void see_memory(Observations& out, Signal signal, const stats::v1alpha1::MemoryStats& memory) {
  if (!memory.availableBytes || !memory.workingSetBytes) return;
  see(out, signal, memory.availableBytes, *memory.availableBytes + *memory.workingSetBytes, Format::BinarySI);
}

bool is_met(const Threshold& threshold, const Observations& seen, bool with_reclaim) {
  const auto found = seen.find(threshold.signal);
  if (found == seen.end()) return false;
  auto wanted = threshold.value.of(found->second.capacity);
  if (with_reclaim && threshold.min_reclaim)
    wanted = wanted.plus(threshold.min_reclaim->of(found->second.capacity));
  return wanted.compare(found->second.available) > 0;
}

}  // namespace

Observations observations_of(const stats::v1alpha1::Summary& summary) {
  Observations out;
  const auto& node = summary.node;
  if (node.memory) see_memory(out, Signal::MemoryAvailable, *node.memory);
  for (const auto& c : node.systemContainers)
    if (c.name == "pods" && c.memory) see_memory(out, Signal::AllocatableMemoryAvailable, *c.memory);
  if (node.fs) see_disk(out, Signal::NodeFsAvailable, Signal::NodeFsInodesFree, *node.fs);
  if (node.runtime && node.runtime->imageFs)
    see_disk(out, Signal::ImageFsAvailable, Signal::ImageFsInodesFree, *node.runtime->imageFs);
  if (node.rlimit && node.rlimit->maxpid && node.rlimit->curproc) {
    out[Signal::PidAvailable] = {codec::Quantity::of(*node.rlimit->maxpid - *node.rlimit->curproc),
                                 *node.rlimit->maxpid};
  }
  return out;
}

EvictionVerdict judge(const EvictionConfig& config, const Observations& seen, ThresholdHistory& history,
                      Monotonic now) {
  std::map<size_t, Monotonic> since;
  for (size_t i = 0; i < config.thresholds.size(); ++i) {
    const Threshold& threshold = config.thresholds[i];
    if (!is_met(threshold, seen, false) && !(history.met.contains(i) && is_met(threshold, seen, true)))
      continue;
    const auto before = history.since.find(i);
    since[i] = before == history.since.end() ? now : before->second;
    (is_of_memory(threshold.signal) ? history.memory
     : is_of_disk(threshold.signal) ? history.disk
                                    : history.pids) = now;
  }
  history.since = std::move(since);
  history.met.clear();
  EvictionVerdict out;
  for (const auto& [i, begin] : history.since) {
    if (now - begin < config.thresholds[i].grace) continue;
    history.met.insert(i);
    out.reclaim.push_back(i);
  }
  std::stable_partition(out.reclaim.begin(), out.reclaim.end(),
                        [&](size_t i) { return is_of_memory(config.thresholds[i].signal); });
  const auto is_recent = [&](const std::optional<Monotonic>& last) {
    return last && now - *last < config.pressure_transition;
  };
  out.pressures = {is_recent(history.memory), is_recent(history.disk), is_recent(history.pids)};
  return out;
}

bool is_relieved(const EvictionConfig& config, const Observations& seen) {
  return std::none_of(config.thresholds.begin(), config.thresholds.end(),
                      [&](const Threshold& threshold) { return is_met(threshold, seen, true); });
}

}  // namespace mizzen::kubelet
