#include "controllers/framework/expectations.h"

namespace mizzen::controllers {
namespace {
constexpr Duration kTimeout = std::chrono::minutes(5);
}

void Expectations::expect_creations(const std::string& key, int n) {
  Lock lock(m_);
  Entry& e = entries_[key];
  e.creations += n;
  e.since = clock_.monotonic();
}

void Expectations::expect_deletion(const std::string& key, const std::string& uid) {
  Lock lock(m_);
  Entry& e = entries_[key];
  e.deletions.insert(uid);
  e.since = clock_.monotonic();
}

void Expectations::creation_seen(const std::string& key) {
  Lock lock(m_);
  const auto it = entries_.find(key);
  if (it != entries_.end() && it->second.creations > 0) --it->second.creations;
}

void Expectations::deletion_seen(const std::string& key, const std::string& uid) {
  Lock lock(m_);
  const auto it = entries_.find(key);
  if (it != entries_.end()) it->second.deletions.erase(uid);
}

bool Expectations::met(const std::string& key) {
  Lock lock(m_);
  const auto it = entries_.find(key);
  if (it == entries_.end()) return true;
  if (it->second.creations > 0 || !it->second.deletions.empty()) {
    if (clock_.monotonic() - it->second.since < kTimeout) return false;
  }
  entries_.erase(it);
  return true;
}

void Expectations::forget(const std::string& key) {
  Lock lock(m_);
  entries_.erase(key);
}

}  // namespace mizzen::controllers
