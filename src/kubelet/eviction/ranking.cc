#include "kubelet/eviction/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/strings.h"
#include "kubelet/config/resources.h"

namespace mizzen::kubelet {
namespace {

using codec::Quantity;
using stats::v1alpha1::FsStats;
using stats::v1alpha1::PodStats;
using stats::v1alpha1::Summary;

constexpr const char* kStorage = "ephemeral-storage";

const PodStats* stats_of(const Summary& summary, const Pod& pod) {
  for (const auto& one : summary.pods)
    if (one.podRef.uid == pod.metadata.uid) return &one;
  return nullptr;
}

int64_t used(const codec::Box<FsStats>& fs, bool files) {
  if (!fs) return 0;
  return static_cast<int64_t>((files ? fs->inodesUsed : fs->usedBytes).value_or(0));
}

bool is_on_disk(const Pod& pod, const std::string& volume) {
  for (const auto& v : pod.spec.volumes)
    if (v.name == volume) return v.volumeSource.emptyDir && v.volumeSource.emptyDir->medium.empty();
  return false;
}

int64_t disk_use(const Pod& pod, const PodStats& stats, Signal signal, bool has_image_disk) {
  const bool files = signal == Signal::NodeFsInodesFree || signal == Signal::ImageFsInodesFree;
  const bool of_images = signal == Signal::ImageFsAvailable || signal == Signal::ImageFsInodesFree;
  const bool layers = !has_image_disk || of_images;
  const bool rest = !has_image_disk || !of_images;
  int64_t out = 0;
  for (const auto& c : stats.containers) {
    if (layers) out += used(c.rootfs, files);
    if (rest) out += used(c.logs, files);
  }
  if (!rest) return out;
  for (const auto& v : stats.volume)
    if (is_on_disk(pod, v.name))
      out += static_cast<int64_t>((files ? v.fsStats.inodesUsed : v.fsStats.usedBytes).value_or(0));
  return out;
}

/// Lower goes first.
using Rank = std::tuple<int, int, int64_t, int64_t>;

Rank rank_of(const Pod& pod, const PodStats* stats, Signal signal, bool has_image_disk) {
  const int64_t priority = pod.spec.priority.value_or(0);
  // Of whom nothing is known goes before all others.
  if (!stats) return {0, 0, priority, 0};
  if (signal == Signal::PidAvailable) {
    const int64_t processes =
        stats->processStats ? static_cast<int64_t>(stats->processStats->processCount.value_or(0)) : 0;
    return {1, 0, priority, -processes};
  }
  const Amounts asked = requests_of(pod);
  int64_t use = 0, request = 0;
  if (is_of_memory(signal)) {
    use = stats->memory ? static_cast<int64_t>(stats->memory->workingSetBytes.value_or(0)) : 0;
    request = asked.memory_bytes;
  } else {
    use = disk_use(pod, *stats, signal, has_image_disk);
    request = resource_of(signal) == kStorage ? asked.storage_bytes : 0;  // nobody asks for inodes
  }
  return {1, use > request ? 0 : 1, priority, request - use};
}

std::string bytes_text(int64_t bytes) { return Quantity::of(bytes, Quantity::Format::BinarySI).text(); }

std::optional<int64_t> use_of(const stats::v1alpha1::ContainerStats& c, std::string_view resource) {
  if (resource == "memory" && c.memory && c.memory->workingSetBytes)
    return static_cast<int64_t>(*c.memory->workingSetBytes);
  if (resource == kStorage && c.rootfs && c.logs) return used(c.rootfs, false) + used(c.logs, false);
  return std::nullopt;
}

/// What its containers may store together, where any of them is limited.
std::optional<Quantity> storage_limit(const Pod& pod) {
  std::optional<Quantity> running, starting;
  Quantity sidecars;
  for (const auto& c : api::made_containers_of(pod.spec)) {
    const auto* limit = c.spec.resources.limits.find(kStorage);
    if (!limit) continue;
    if (!c.is_init()) {
      running = running ? running->plus(*limit) : *limit;
      continue;
    }
    const Quantity now = sidecars.is_zero() ? *limit : sidecars.plus(*limit);
    if (!starting || now.compare(*starting) > 0) starting = now;
    if (c.sort == api::ContainerSort::Sidecar) sidecars = now;
  }
  if (!sidecars.is_zero()) running = running ? running->plus(sidecars) : sidecars;
  if (!running || (starting && starting->compare(*running) > 0)) return starting;
  return running;
}

bool is_over(int64_t use, const Quantity& limit) { return Quantity::of(use).compare(limit) > 0; }

std::string folder_excess(const Pod& pod, const PodStats& stats) {
  for (const auto& v : pod.spec.volumes) {
    const auto& folder = v.volumeSource.emptyDir;
    if (!folder || !folder->sizeLimit || folder->sizeLimit->is_zero() || folder->sizeLimit->negative())
      continue;
    for (const auto& one : stats.volume)
      if (one.name == v.name &&
          is_over(static_cast<int64_t>(one.fsStats.usedBytes.value_or(0)), *folder->sizeLimit))
        return fmt::format("Usage of EmptyDir volume {} exceeds the limit {}. ", quote(v.name),
                           quote(folder->sizeLimit->text()));
  }
  return {};
}

}  // namespace

PodList rank_for_eviction(PodList pods, const Summary& summary, Signal signal, bool has_image_disk) {
  std::map<std::string, Rank> ranks;
  for (const auto& pod : pods)
    ranks[pod->metadata.uid] = rank_of(*pod, stats_of(summary, *pod), signal, has_image_disk);
  std::stable_sort(pods.begin(), pods.end(), [&](const auto& a, const auto& b) {
    return ranks[a->metadata.uid] < ranks[b->metadata.uid];
  });
  return pods;
}

std::string eviction_message(const Threshold& threshold, const Observations& seen, const Pod& pod,
                             const Summary& summary) {
  const std::string_view resource = resource_of(threshold.signal);
  std::string out = fmt::format("The node was low on resource: {}. ", resource);
  if (const auto found = seen.find(threshold.signal); found != seen.end())
    out += fmt::format("Threshold quantity: {}, available: {}. ",
                       threshold.value.of(found->second.capacity).text(), found->second.available.text());
  const PodStats* stats = stats_of(summary, pod);
  if (!stats) return out;
  if (resource == "memory" && pod.spec.resources && stats->memory) {
    if (const auto* asked = pod.spec.resources->requests.find("memory"))
      out += fmt::format(
          "Pod {} was using {}, request is {}, has larger consumption of memory. ", pod.metadata.name,
          bytes_text(static_cast<int64_t>(stats->memory->workingSetBytes.value_or(0))), asked->text());
  }
  for (const auto& c : stats->containers) {
    const auto* container = find_container(pod, c.name);
    const auto use = use_of(c, resource);
    if (!container || !use) continue;
    const auto* asked = container->resources.requests.find(std::string(resource));
    const Quantity request = asked ? *asked : Quantity();
    if (is_over(*use, request))
      out += fmt::format("Container {} was using {}, request is {}, has larger consumption of {}. ", c.name,
                         bytes_text(*use), request.text(), resource);
  }
  return out;
}

bool limits_containers_storage(const Pod& pod) { return storage_limit(pod).has_value(); }

std::string storage_excess(const Pod& pod, const PodStats& stats, bool has_image_disk) {
  if (auto why = folder_excess(pod, stats); !why.empty()) return why;
  const auto limit = storage_limit(pod);
  if (!limit) return {};
  if (is_over(used(stats.ephemeralStorage, false), *limit))
    return fmt::format("Pod ephemeral local storage usage exceeds the total limit of containers {}. ",
                       limit->text());
  for (const auto& c : stats.containers) {
    const auto container = std::find_if(pod.spec.containers.begin(), pod.spec.containers.end(),
                                        [&](const Container& one) { return one.name == c.name; });
    if (container == pod.spec.containers.end()) continue;
    const auto* own = container->resources.limits.find(kStorage);
    if (!own || own->is_zero()) continue;
    const int64_t use = used(c.logs, false) + (has_image_disk ? 0 : used(c.rootfs, false));
    if (is_over(use, *own))
      return fmt::format("Container {} exceeded its local ephemeral storage limit {}. ", c.name,
                         quote(own->text()));
  }
  return {};
}

}  // namespace mizzen::kubelet
