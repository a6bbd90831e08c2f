#include "kubelet/eviction/eviction_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

constexpr const char* kLog = "kubelet";
constexpr const char* kReason = "Evicted";
constexpr int64_t kImmediateGraceS = 1;

bool has_limited_folder(const Pod& pod) {
  return std::any_of(pod.spec.volumes.begin(), pod.spec.volumes.end(), [](const auto& v) {
    return v.volumeSource.emptyDir && v.volumeSource.emptyDir->sizeLimit;
  });
}

}  // namespace

void EvictionManager::tick() {
  {
    Lock lock(m_);
    if (under_way_) return;
    under_way_ = true;
  }
  post(&EvictionManager::round);
}

void EvictionManager::post(void (EvictionManager::*round)()) {
  const auto token = gate_.enter();
  if (!token || !deps_.executor.post([this, token, round] { (this->*round)(); })) ended();
}

void EvictionManager::ended() {
  Lock lock(m_);
  under_way_ = false;
}

void EvictionManager::again_in(Duration wait) {
  Lock lock(m_);
  under_way_ = false;
  if (!gate_.is_closed()) alarm_ = deps_.alarms.after(wait, [this] { tick(); });
}

void EvictionManager::stop() {
  gate_.close();
  Lock lock(m_);
  if (alarm_ != 0) deps_.alarms.cancel(alarm_);
}

Pressures EvictionManager::pressures() const {
  Lock lock(m_);
  return pressures_;
}

/// Pods that hold something: what runs of them, and was not told to go.
PodList EvictionManager::candidates() const {
  PodList out;
  for (const auto& pod : deps_.workers.pods()) {
    const std::string& uid = pod->metadata.uid;
    if (is_terminal(pod->status.phase) || told_.contains(uid)) continue;
    const RuntimePod state = deps_.cache.pod(uid);
    if (state.any_running() || state.any_sandbox_ready()) out.push_back(pod);
  }
  return out;
}

StatsManager::Depth EvictionManager::depth_for(const PodList& pods) const {
  using Depth = StatsManager::Depth;
  Depth out = Depth::Node;
  for (const auto& pod : pods) {
    if (limits_containers_storage(*pod)) return Depth::All;
    if (has_limited_folder(*pod)) out = Depth::Folders;
  }
  return out;
}

bool EvictionManager::is_cleaning_up() {
  std::erase_if(told_, [&](const auto& uid) { return !deps_.workers.knows(uid); });
  std::erase_if(victims_, [&](const auto& uid) {
    const RuntimePod state = deps_.cache.pod(uid);
    return !state.any_running() && !state.any_sandbox_ready();
  });
  if (deps_.clock.monotonic() >= cleanup_until_) victims_.clear();
  return !victims_.empty();
}

/// With a file system of its own for images nothing of the node's goes with them.
bool EvictionManager::gives_back(Signal signal) const {
  if (!is_of_disk(signal)) return false;
  return !deps_.stats.has_image_disk() || signal == Signal::ImageFsAvailable ||
         signal == Signal::ImageFsInodesFree;
}

void EvictionManager::round() {
  if (is_cleaning_up()) return again_in(kCleanupEvery);
  const PodList pods = candidates();
  const auto summary = deps_.stats.read(depth_for(pods), Duration::zero());
  const auto verdict = judge(config_, observations_of(*summary), history_, deps_.clock.monotonic());
  {
    Lock lock(m_);
    pressures_ = verdict.pressures;
  }
  if (end_pods_over_limits(pods, *summary)) return again_in(kCleanupEvery);
  if (verdict.reclaim.empty()) return ended();
  reclaiming_ = verdict.reclaim.front();
  const Signal signal = config_.thresholds[reclaiming_].signal;
  log::warn(kLog, "Something runs short on the node", {log::kv("signal", signal_name(signal))});
  deps_.events.node_event(true, "EvictionThresholdMet",
                          fmt::format("Attempting to reclaim {}", resource_of(signal)));
  if (is_of_disk(signal)) deps_.stats.want_all();
  if (!gives_back(signal)) return end_one(reclaiming_);
  deps_.reclaim([this] { post(&EvictionManager::reclaimed); });
}

void EvictionManager::reclaimed() {
  const auto summary = deps_.stats.read(StatsManager::Depth::Node, Duration::zero());
  if (is_relieved(config_, observations_of(*summary))) return ended();
  end_one(reclaiming_);
}

void EvictionManager::end_one(size_t index) {
  const Threshold& threshold = config_.thresholds[index];
  const auto summary = deps_.stats.read(StatsManager::Depth::All, Duration::zero());
  const auto seen = observations_of(*summary);
  for (const auto& pod :
       rank_for_eviction(candidates(), *summary, threshold.signal, deps_.stats.has_image_disk())) {
    if (end(*pod, grace_of(*pod, threshold), eviction_message(threshold, seen, *pod, *summary), true))
      return again_in(kCleanupEvery);
  }
  log::warn(kLog, "No pod can be evicted", {log::kv("signal", signal_name(threshold.signal))});
  ended();
}

int64_t EvictionManager::grace_of(const Pod& pod, const Threshold& threshold) const {
  if (threshold.is_hard()) return kImmediateGraceS;
  const int64_t own = grace_seconds(pod);
  return config_.pod_grace_max_s < 0 ? own : std::max<int64_t>(std::min(config_.pod_grace_max_s, own), 1);
}

bool EvictionManager::end_pods_over_limits(const PodList& pods, const Summary& summary) {
  std::map<std::string, const PodStats*> used;
  for (const auto& one : summary.pods) used[one.podRef.uid] = &one;
  bool any = false;
  for (const auto& pod : pods) {
    const auto found = used.find(pod->metadata.uid);
    if (found == used.end()) continue;
    const auto why = storage_excess(*pod, *found->second, deps_.stats.has_image_disk());
    if (!why.empty()) any = end(*pod, kImmediateGraceS, why, false) || any;
  }
  return any;
}

bool EvictionManager::end(const Pod& pod, int64_t grace_s, const std::string& message, bool disruption) {
  if (is_critical(pod)) {
    log::warn(kLog, "A critical pod is not evicted", {log::kv("pod", pod_text(pod))});
    return false;
  }
  const std::string& uid = pod.metadata.uid;
  if (!deps_.workers.end(uid, {.phase = "Failed",
                               .reason = kReason,
                               .message = message,
                               .grace_s = grace_s,
                               .disruption = disruption ? "TerminationByKubelet" : ""}))
    return false;
  log::info(kLog, "Evicting a pod", {log::kv("pod", pod_text(pod)), log::kv("why", message)});
  deps_.events.pod_event(pod, "", true, kReason, message);
  told_.insert(uid);
  victims_.insert(uid);
  cleanup_until_ = later(deps_.clock.monotonic(), kCleanupMax);
  return true;
}

}  // namespace mizzen::kubelet
