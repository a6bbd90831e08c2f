#include "scheduler/queue/queue.h"

#include <algorithm>

#include "base/check.h"

namespace mizzen::scheduler {

void PendingPods::set(PodInfoPtr pod, bool retry, Monotonic now) {
  const std::string uid = pod->uid();
  const auto [it, fresh] = entries_.try_emplace(uid);
  Entry& entry = it->second;
  if (!fresh) unplace(entry);
  const bool gated = !pod->pod->spec.schedulingGates.empty();
  entry.pod = std::move(pod);
  if (fresh) {
    entry.since = now;
    entry.order = next_order_++;
    return place(entry, gated ? Place::Gated : Place::Active, Why::Added);
  }
  if (gated) return place(entry, Place::Gated);
  if (entry.place == Place::Gated) return place(entry, Place::Active, Why::Updated);
  if (retry && entry.place == Place::Rejected) return wake(entry, now, Why::Updated);
  place(entry, entry.place);
}

void PendingPods::remove(const std::string& uid) {
  attempts_.erase(uid);
  const auto it = entries_.find(uid);
  if (it == entries_.end()) return;
  unplace(it->second);
  entries_.erase(it);
}

PodInfoPtr PendingPods::pop(Monotonic now) {
  while (!error_backoff_.empty() && error_backoff_.begin()->first <= now) {
    Entry& entry = entries_.at(error_backoff_.begin()->second);
    unplace(entry);
    place(entry, Place::Active, Why::BackoffOver);
  }
  while (!rejected_.empty() && rejected_.begin()->first <= now) {
    Entry& entry = entries_.at(rejected_.begin()->second);
    unplace(entry);
    wake(entry, now, Why::WaitedTooLong);
  }
  while (!backoff_.empty() && backoff_.begin()->first <= now) {
    Entry& entry = entries_.at(backoff_.begin()->second);
    unplace(entry);
    place(entry, Place::Active, Why::BackoffOver);
  }
  std::string uid;
  if (!active_.empty()) {
    uid = std::get<3>(*active_.begin());
  } else if (!backoff_.empty()) {
    uid = backoff_.begin()->second;
    ++incoming_[static_cast<size_t>(Queue::Active)][static_cast<size_t>(Why::PoppedEarly)];
  } else {
    return nullptr;
  }
  const auto it = entries_.find(uid);
  MZ_CHECK(it != entries_.end(), "pod {} is queued, but not known", uid);
  unplace(it->second);
  PodInfoPtr out = std::move(it->second.pod);
  entries_.erase(it);
  return out;
}

void PendingPods::rejected(PodInfoPtr pod, uint32_t retry_on, Monotonic now) {
  const std::string uid = pod->uid();
  Attempts& attempts = attempts_[uid];
  ++attempts.rejections;
  attempts.errors = 0;
  Entry& entry = entries_[uid];
  if (entry.placed) unplace(entry);  // an update came while it was decided on
  entry.pod = std::move(pod);
  entry.since = now;
  entry.order = next_order_++;
  entry.retry_on = retry_on;
  entry.until = now + kUnschedulableMax;
  place(entry, Place::Rejected, Why::AttemptFailed);
}

void PendingPods::failed(PodInfoPtr pod, Monotonic now) {
  const std::string uid = pod->uid();
  Entry& entry = entries_[uid];
  if (entry.placed) unplace(entry);
  entry.pod = std::move(pod);
  entry.since = now;
  entry.order = next_order_++;
  entry.until = now + backoff(++attempts_[uid].errors);
  place(entry, Place::ErrorBackoff, Why::AttemptFailed);
}

void PendingPods::changed(uint32_t changes, Monotonic now) {
  if (!changes || rejected_.empty()) return;
  const std::set<DueKey> waiting = rejected_;
  for (const auto& [until, uid] : waiting) {
    Entry& entry = entries_.at(uid);
    if (!(entry.retry_on & changes)) continue;
    unplace(entry);
    wake(entry, now, Why::Cluster);
  }
}

std::optional<Monotonic> PendingPods::next_due() const {
  std::optional<Monotonic> out;
  for (const auto* due : {&backoff_, &error_backoff_, &rejected_})
    if (!due->empty() && (!out || due->begin()->first < *out)) out = due->begin()->first;
  return out;
}

PodInfoPtr PendingPods::find(const std::string& uid) const {
  const auto it = entries_.find(uid);
  return it == entries_.end() ? nullptr : it->second.pod;
}

std::array<size_t, PendingPods::kQueues> PendingPods::waiting() const {
  const size_t backing_off = backoff_.size() + error_backoff_.size();
  return {active_.size(), backing_off, rejected_.size(),
          entries_.size() - active_.size() - backing_off - rejected_.size()};
}

int PendingPods::attempts(const std::string& uid) const {
  const auto it = attempts_.find(uid);
  return it == attempts_.end() ? 0 : it->second.rejections + it->second.errors;
}

void PendingPods::place(Entry& entry, Place where, Why why) {
  const auto queue = where == Place::Active     ? Queue::Active
                     : where == Place::Rejected ? Queue::Unschedulable
                     : where == Place::Gated    ? Queue::Gated
                                                : Queue::Backoff;
  ++incoming_[static_cast<size_t>(queue)][static_cast<size_t>(why)];
  place(entry, where);
}

void PendingPods::place(Entry& entry, Place where) {
  MZ_CHECK(!entry.placed, "pod {} stands in two places", entry.pod->uid());
  entry.place = where;
  entry.placed = true;
  const std::string& uid = entry.pod->uid();
  switch (where) {
    case Place::Active:
      active_.insert({-static_cast<int64_t>(entry.pod->load->priority), entry.since, entry.order, uid});
      break;
    case Place::Backoff:
      backoff_.insert({entry.until, uid});
      break;
    case Place::ErrorBackoff:
      error_backoff_.insert({entry.until, uid});
      break;
    case Place::Rejected:
      rejected_.insert({entry.until, uid});
      break;
    case Place::Gated:
      break;
  }
}

void PendingPods::unplace(Entry& entry) {
  MZ_CHECK(entry.placed, "pod {} stands nowhere", entry.pod->uid());
  entry.placed = false;
  const std::string& uid = entry.pod->uid();
  active_.erase({-static_cast<int64_t>(entry.pod->load->priority), entry.since, entry.order, uid});
  backoff_.erase({entry.until, uid});
  error_backoff_.erase({entry.until, uid});
  rejected_.erase({entry.until, uid});
}

void PendingPods::wake(Entry& entry, Monotonic now, Why why) {
  const auto it = attempts_.find(entry.pod->uid());
  const Monotonic until = entry.since + backoff(it == attempts_.end() ? 0 : it->second.rejections);
  if (until <= now) return place(entry, Place::Active, why);
  entry.until = until;
  place(entry, Place::Backoff, why);
}

Duration PendingPods::backoff(int attempts) {
  if (attempts <= 0) return Duration::zero();
  return std::min<Duration>(kBackoffMin * (1LL << std::min(attempts - 1, 10)), kBackoffMax);
}

}  // namespace mizzen::scheduler
