#include "controllers/workloads/replica/decide.h"

#include <algorithm>

namespace mizzen::controllers::replica {

Claim claim(const Desired& desired, const std::vector<PodPtr>& pods) {
  Claim out;
  for (const PodPtr& pod : pods) {
    const auto* owner = machinery::controller_of(pod->metadata);
    const bool matches = desired.selector.matches(pod->metadata.labels);
    if (owner) {
      if (owner->uid != desired.uid) continue;
      if (matches) {
        out.owned.push_back(pod);
      } else if (!desired.deleting) {
        out.release.push_back(pod);
      }
    } else if (matches && !desired.deleting && is_active(*pod)) {
      out.adopt.push_back(pod);
    }
  }
  return out;
}

Plan plan(const Desired& desired, const std::vector<PodPtr>& owned, WallTime now) {
  Plan out;
  if (desired.deleting) return out;
  std::vector<PodPtr> active;
  codec::Map<int32_t> siblings;
  for (const PodPtr& pod : owned) {
    if (!is_active(*pod)) continue;
    active.push_back(pod);
    ++siblings[pod->spec.nodeName];
  }
  const int diff = static_cast<int>(active.size()) - desired.replicas;
  if (diff < 0) {
    out.create = std::min(-diff, kBurstMax);
  } else if (diff > 0) {
    rank_for_deletion(active, siblings, now);
    active.resize(static_cast<size_t>(std::min(diff, kBurstMax)));
    out.remove = std::move(active);
  }
  return out;
}

Counts count(const Desired& desired, const std::vector<PodPtr>& owned, WallTime now) {
  Counts out;
  for (const PodPtr& pod : owned) {
    if (pod->status.phase == "Succeeded" || pod->status.phase == "Failed") continue;
    if (pod->metadata.deletionTimestamp) {
      ++out.terminating;
      continue;
    }
    ++out.replicas;
    bool full = true;
    for (const auto& [key, value] : desired.template_labels) {
      const std::string* v = pod->metadata.labels.find(key);
      full = full && v && *v == value;
    }
    out.fully_labeled += full;
    if (!is_ready(*pod)) continue;
    ++out.ready;
    if (is_available(*pod, desired.min_ready_seconds, now)) {
      ++out.available;
    } else if (const Duration left = available_in(*pod, desired.min_ready_seconds, now);
               left > Duration::zero()) {
      out.again = out.again == Duration::zero() ? left : std::min(out.again, left);
    }
  }
  return out;
}

}  // namespace mizzen::controllers::replica
