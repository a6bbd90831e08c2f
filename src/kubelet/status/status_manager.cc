#include "kubelet/status/status_manager.h"

#include <algorithm>
#include <array>

#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

constexpr int kConflictTriesMax = 5;
constexpr auto kCallTimeout = std::chrono::seconds(30);
/// In upstream's order, which `describe` shows.
constexpr std::array<std::string_view, 6> kOwnConditions = {
    "PodReadyToStartContainers", "Initialized",  "Ready",
    "ContainersReady",           "PodScheduled", "AllContainersRestarting"};

bool is_own(const std::string& type) {
  return std::find(kOwnConditions.begin(), kOwnConditions.end(), type) != kOwnConditions.end();
}

client::Call new_call() { return {.timeout = kCallTimeout}; }

}  // namespace

PodStatus merge_status(const PodStatus& in_api, const PodStatus& ours) {
  PodStatus out = ours;
  std::vector<api::core::v1::PodCondition> conditions;
  for (const auto& c : in_api.conditions) {
    if (!is_own(c.type)) conditions.push_back(c);
  }
  for (const std::string_view type : kOwnConditions)
    for (const auto& c : ours.conditions)
      if (c.type == type) conditions.push_back(c);
  out.conditions = std::move(conditions);
  out.nominatedNodeName = in_api.nominatedNodeName;
  out.resourceClaimStatuses = in_api.resourceClaimStatuses;
  return out;
}

void StatusManager::set(const std::shared_ptr<const Pod>& pod, PodStatus status) {
  const std::string uid = pod->metadata.uid;
  {
    Lock lock(m_);
    Entry& entry = entries_[uid];
    entry.pod = pod;
    if (entry.status && same_status(*entry.status, status)) return;
    entry.status = std::make_shared<const PodStatus>(std::move(status));
    entry.dirty = true;
  }
  kick(uid);
}

void StatusManager::finish(const std::shared_ptr<const Pod>& pod) {
  {
    Lock lock(m_);
    Entry& entry = entries_[pod->metadata.uid];
    entry.pod = pod;
    entry.finished = true;
    entry.dirty = true;
  }
  kick(pod->metadata.uid);
}

void StatusManager::forget(const std::string& uid) {
  Lock lock(m_);
  entries_.erase(uid);
}

std::shared_ptr<const PodStatus> StatusManager::last(const std::string& uid) const {
  Lock lock(m_);
  const auto found = entries_.find(uid);
  return found == entries_.end() ? nullptr : found->second.status;
}

void StatusManager::tick() {
  std::vector<std::string> dirty;
  {
    Lock lock(m_);
    for (const auto& [uid, entry] : entries_) {
      if (entry.dirty && !entry.sending) dirty.push_back(uid);
    }
  }
  for (const auto& uid : dirty) kick(uid);
}

void StatusManager::kick(const std::string& uid) {
  {
    Lock lock(m_);
    const auto found = entries_.find(uid);
    if (found == entries_.end() || found->second.sending) return;
    found->second.sending = true;
  }
  if (deps_.executor.post([this, uid] { send(uid); })) return;
  Lock lock(m_);
  if (auto found = entries_.find(uid); found != entries_.end()) found->second.sending = false;
}

void StatusManager::send(const std::string& uid) {
  for (;;) {
    Entry copy;
    {
      Lock lock(m_);
      const auto found = entries_.find(uid);
      if (found == entries_.end()) return;
      if (!found->second.dirty) {
        found->second.sending = false;
        return;
      }
      found->second.dirty = false;
      copy = found->second;
    }
    const auto written = write(*copy.pod, copy.status.get(), copy.finished);
    if (written.ok()) continue;
    log::warn("kubelet", "Cannot write pod status",
              {log::kv("pod", pod_text(*copy.pod)), log::kv("error", written.error().message())});
    Lock lock(m_);
    if (auto found = entries_.find(uid); found != entries_.end()) {
      found->second.dirty = true;  // tick() tries again
      found->second.sending = false;
    }
    return;
  }
}

Result<void> StatusManager::write(const Pod& pod, const PodStatus* status, bool finished) {
  const auto& meta = pod.metadata;
  for (int i = 0; i < kConflictTriesMax; ++i) {
    auto now = client::get<Pod>(deps_.api, meta.namespace_, meta.name, new_call());
    if (!now.ok()) return now.error().code() == Code::NotFound ? Result<void>() : now.error();
    if ((*now)->metadata.uid != meta.uid) return {};
    if (status) {
      Pod next = **now;
      next.status = merge_status((*now)->status, *status);
      if (!same_status(next.status, (*now)->status)) {
        auto updated = client::update_status<Pod>(deps_.api, std::move(next), new_call());
        if (!updated.ok()) {
          if (updated.error().code() == Code::Conflict) continue;
          return updated.error().code() == Code::NotFound ? Result<void>() : updated.error();
        }
      }
    }
    if (!finished || !(*now)->metadata.deletionTimestamp) return {};
    meta::v1::DeleteOptions options;
    options.gracePeriodSeconds = 0;
    options.preconditions.ensure().uid = meta.uid;
    auto removed = client::remove<Pod>(deps_.api, meta.namespace_, meta.name, options, new_call());
    if (!removed.ok() && removed.error().code() != Code::NotFound) return removed.error();
    return {};
  }
  return Error(Code::Conflict, "the pod keeps changing");
}

}  // namespace mizzen::kubelet
