#include "store/local/lease_table.h"

#include <algorithm>

#include "base/check.h"
#include "store/contract/errors.h"

namespace mizzen::store {

Result<LeaseId> LeaseTable::add(Monotonic due) {
  Lock lock(m_);
  if (entries_.size() >= kLeasesMax) return too_many_requests();
  const LeaseId id(++last_);
  MZ_CHECK(entries_.try_emplace(id, Entry{due, false}).second, "lease {} is given out twice", id.get());
  by_due_.emplace(due, id);
  return id;
}

void LeaseTable::start_above(int64_t id) {
  Lock lock(m_);
  last_ = std::max(last_, id);
}

void LeaseTable::restore(LeaseId id, Monotonic due) {
  Lock lock(m_);
  MZ_CHECK(entries_.try_emplace(id, Entry{due, false}).second, "lease {} was read twice", id.get());
  by_due_.emplace(due, id);
  if (id.get() > last_) last_ = id.get();
}

bool LeaseTable::exists(LeaseId id) const {
  Lock lock(m_);
  const auto found = entries_.find(id);
  return found != entries_.end() && !found->second.ending;
}

bool LeaseTable::begin_end(LeaseId id) {
  Lock lock(m_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.ending) return false;
  found->second.ending = true;
  unqueue(id, found->second.due);
  return true;
}

void LeaseTable::undo_end(LeaseId id, Monotonic due) {
  Lock lock(m_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || !found->second.ending) return;
  found->second = {due, false};
  by_due_.emplace(due, id);
}

void LeaseTable::erase(LeaseId id) {
  Lock lock(m_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  if (!found->second.ending) unqueue(id, found->second.due);
  entries_.erase(found);
}

std::vector<LeaseId> LeaseTable::due(Monotonic now) const {
  Lock lock(m_);
  std::vector<LeaseId> out;
  for (auto it = by_due_.begin(); it != by_due_.end() && it->first <= now; ++it) out.push_back(it->second);
  return out;
}

std::optional<Monotonic> LeaseTable::next_due() const {
  Lock lock(m_);
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

void LeaseTable::unqueue(LeaseId id, Monotonic due) {
  for (auto [it, end] = by_due_.equal_range(due); it != end; ++it) {
    if (it->second == id) {
      by_due_.erase(it);
      return;
    }
  }
  MZ_CHECK(false, "lease {} is not among those that are due", id.get());
}

}  // namespace mizzen::store
