#include "async/alarms.h"

#include "base/check.h"

namespace mizzen {

Monotonic next_beat(Monotonic when, Duration beat) {
  MZ_CHECK(beat > Duration::zero(), "a beat of {} ns", beat.count());
  return later(when, beat - when.time_since_epoch() % beat);
}

Alarms::Id Alarms::after(Duration delay, std::function<void()> f) {
  Id id = 0;
  bool first = false;
  {
    Lock lock(m_);
    id = next_id_++;
    const auto it = due_.emplace(later(clock_.monotonic(), delay), std::pair(id, std::move(f)));
    by_id_.emplace(id, it);
    first = it == due_.begin();
  }
  if (first && wake_) wake_();
  return id;
}

void Alarms::cancel(Id id) {
  std::function<void()> dropped;  // goes after the lock: what it holds may cancel alarms of its own
  Lock lock(m_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  dropped = std::move(found->second->second.second);
  due_.erase(found->second);
  by_id_.erase(found);
}

Monotonic Alarms::tick() {
  for (;;) {
    std::function<void()> f;
    {
      Lock lock(m_);
      if (due_.empty()) return Monotonic::max();
      const auto it = due_.begin();
      if (it->first > clock_.monotonic()) return it->first;
      f = std::move(it->second.second);
      by_id_.erase(it->second.first);
      due_.erase(it);
    }
    f();
  }
}

}  // namespace mizzen
