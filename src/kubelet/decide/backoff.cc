#include "kubelet/decide/backoff.h"

#include <algorithm>

namespace mizzen::kubelet {

bool Backoff::in_backoff(const std::string& key, Monotonic since) const {
  Lock lock(m_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return false;
  if (since - found->second.updated > 2 * options_.max) return false;
  return clock_.monotonic() < since + found->second.pause;
}

Duration Backoff::pause(const std::string& key) const {
  Lock lock(m_);
  const auto found = entries_.find(key);
  return found == entries_.end() ? Duration::zero() : found->second.pause;
}

void Backoff::next(const std::string& key, Monotonic at) {
  Lock lock(m_);
  if (!entries_.contains(key) && entries_.size() >= options_.keys_max) {
    entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return a.second.updated < b.second.updated;
    }));
  }
  Entry& entry = entries_[key];
  const bool fresh = entry.pause == Duration::zero() || at - entry.updated > 2 * options_.max;
  entry.pause = fresh ? options_.first : std::min(entry.pause * 2, options_.max);
  entry.updated = clock_.monotonic();
}

void Backoff::forget(const std::string& key) {
  Lock lock(m_);
  entries_.erase(key);
}

}  // namespace mizzen::kubelet
