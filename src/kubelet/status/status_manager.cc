#include "kubelet/status/status_manager.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "machinery/patch/patch_create.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

constexpr auto kCallTimeout = std::chrono::seconds(30);
/// In upstream's order, which `describe` shows.
constexpr std::array<std::string_view, 6> kOwnConditions = {
    "PodReadyToStartContainers", "Initialized",  "Ready",
    "ContainersReady",           "PodScheduled", "AllContainersRestarting"};

bool is_own(const std::string& type) {
  return std::find(kOwnConditions.begin(), kOwnConditions.end(), type) != kOwnConditions.end();
}

/// Who ends a pod for others says so, whoever it is.
constexpr std::string_view kDisruption = "DisruptionTarget";
constexpr std::string_view kByUs = "TerminationByKubelet";

/// Later states of one object have greater numbers (Kubernetes 1.35 on).
int64_t revision_of(const Pod& pod) { return parse_int<int64_t>(pod.metadata.resourceVersion).value_or(0); }

client::Call new_call() { return {.timeout = kCallTimeout}; }

}  // namespace

PodStatus merge_status(const PodStatus& in_api, const PodStatus& ours) {
  PodStatus out = ours;
  std::vector<api::core::v1::PodCondition> conditions;
  const auto by_us = std::find_if(ours.conditions.begin(), ours.conditions.end(),
                                  [](const auto& c) { return c.type == kDisruption && c.reason == kByUs; });
  for (const auto& c : in_api.conditions) {
    if (!is_own(c.type) && (c.type != kDisruption || by_us == ours.conditions.end())) conditions.push_back(c);
  }
  if (by_us != ours.conditions.end()) conditions.push_back(*by_us);
  for (const std::string_view type : kOwnConditions)
    for (const auto& c : ours.conditions)
      if (c.type == type) conditions.push_back(c);
  out.conditions = std::move(conditions);
  // Nobody comes back from the end: who ended the pod in the API (its node was given up) has ended it.
  if (is_terminal(in_api.phase)) {
    out.phase = in_api.phase;
    out.reason = in_api.reason;
    out.message = in_api.message;
  }
  out.nominatedNodeName = in_api.nominatedNodeName;
  out.resourceClaimStatuses = in_api.resourceClaimStatuses;
  return out;
}

std::string status_patch(const Pod& pod, const PodStatus& after) {
  const auto tree = [](const PodStatus& status) {
    auto value = codec::Value::parse(codec::to_json(status));
    MZ_CHECK(value.ok(), "our own JSON does not parse: {}", value.error().message());
    return std::move(*value);
  };
  codec::Value changes =
      machinery::create_strategic_patch(tree(pod.status), tree(after), PodStatus::descriptor());
  if (changes.members().empty()) return {};
  codec::Value patch = codec::Value::object();
  patch["metadata"]["uid"] = codec::Value::string(pod.metadata.uid);  // of this pod and no later one
  patch["status"] = std::move(changes);
  return patch.str();
}

bool StatusManager::settle(Entry& entry) {
  if (!entry.ours) return false;
  PodStatus merged = entry.in_api ? merge_status(entry.in_api->status, *entry.ours) : *entry.ours;
  if (!entry.current || !same_status(*entry.current, merged))
    entry.current = std::make_shared<const PodStatus>(std::move(merged));
  return entry.in_api && !same_status(*entry.current, entry.in_api->status);
}

// Kept also before anything is set: what is set then may have been made from an older state.
void StatusManager::observe(const std::shared_ptr<const Pod>& pod) {
  if (!is_static(*pod)) learn(pod->metadata.uid, pod, true);
}

void StatusManager::show(const std::string& uid, const std::shared_ptr<const Pod>& mirror) {
  {
    Lock lock(m_);
    Entry& entry = entries_[uid];
    const bool same = entry.in_api && mirror && entry.in_api->metadata.uid == mirror->metadata.uid;
    if (!same) entry.in_api = nullptr;
  }
  if (mirror) learn(uid, mirror, true);
}

void StatusManager::learn(const std::string& uid, const std::shared_ptr<const Pod>& pod, bool is_source) {
  {
    Lock lock(m_);
    // The answer to a write may come when the pod has been forgotten.
    if (!is_source && !entries_.contains(uid)) return;
    Entry& entry = entries_[uid];
    if (entry.in_api && revision_of(*pod) < revision_of(*entry.in_api)) return;
    entry.in_api = pod;
    if (!settle(entry)) return;
    entry.dirty = true;
  }
  kick(uid);
}

void StatusManager::set(const std::shared_ptr<const Pod>& pod, PodStatus status) {
  const std::string uid = pod->metadata.uid;
  {
    Lock lock(m_);
    Entry& entry = entries_[uid];
    const bool newer = !entry.in_api || revision_of(*pod) > revision_of(*entry.in_api);
    if (newer && !is_static(*pod)) entry.in_api = pod;
    entry.ours = std::make_shared<const PodStatus>(std::move(status));
    if (!settle(entry)) return;
    entry.dirty = true;
  }
  kick(uid);
}

void StatusManager::finish(const std::shared_ptr<const Pod>& pod) {
  if (is_static(*pod)) return;  // who shows it takes that away
  {
    Lock lock(m_);
    Entry& entry = entries_[pod->metadata.uid];
    if (!entry.in_api || revision_of(*pod) > revision_of(*entry.in_api)) entry.in_api = pod;
    if (entry.finished) return;
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
  return found == entries_.end() ? nullptr : found->second.current;
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
    Result<void> done;
    if (copy.current && copy.in_api) {
      auto written = write(*copy.in_api, *copy.current);
      if (!written.ok()) {
        done = written.error();
      } else if (*written) {
        learn(uid, *written, false);
      }
    }
    if (done.ok() && copy.finished) done = remove(*copy.in_api);
    if (done.ok()) continue;
    log::warn("kubelet", "Cannot write pod status",
              {log::kv("pod", pod_text(*copy.in_api)), log::kv("error", done.error().message())});
    Lock lock(m_);
    if (auto found = entries_.find(uid); found != entries_.end()) {
      found->second.dirty = true;  // tick() tries again
      found->second.sending = false;
    }
    return;
  }
}

Result<std::shared_ptr<const Pod>> StatusManager::write(const Pod& in_api, const PodStatus& wanted) {
  const auto& meta = in_api.metadata;
  const std::string patch = status_patch(in_api, wanted);
  if (patch.empty()) return std::shared_ptr<const Pod>();
  auto written = client::patch<Pod>(deps_.api, meta.namespace_, meta.name, client::PatchType::Strategic,
                                    patch, new_call(), {.subresource = "status"});
  if (written.ok()) return *written;
  const Code code = written.error().code();
  if (code == Code::NotFound) return std::shared_ptr<const Pod>();
  if (code != Code::Conflict && code != Code::Invalid) return written.error();
  // Perhaps another pod has the name by now.
  auto now = client::get<Pod>(deps_.api, meta.namespace_, meta.name, new_call());
  const bool gone = now.ok() ? (*now)->metadata.uid != meta.uid : now.error().code() == Code::NotFound;
  return gone ? Result<std::shared_ptr<const Pod>>(std::shared_ptr<const Pod>()) : written.error();
}

Result<void> StatusManager::remove(const Pod& pod) {
  meta::v1::DeleteOptions options;
  options.gracePeriodSeconds = 0;
  options.preconditions.ensure().uid = pod.metadata.uid;
  const auto removed =
      client::remove<Pod>(deps_.api, pod.metadata.namespace_, pod.metadata.name, options, new_call());
  const Code code = removed.ok() ? Code::Unknown : removed.error().code();
  // Conflict: another pod has the name by now.
  if (removed.ok() || code == Code::NotFound || code == Code::Conflict) return {};
  return removed.error();
}

}  // namespace mizzen::kubelet
