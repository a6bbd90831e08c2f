// Changes from before the cache: read from the store's history when a watch wants to resume there.
#include <fmt/format.h>

#include "apiserver/cache/cache.h"

namespace mizzen::apiserver {
namespace {

/// Collects a store watch's events up to a revision.
struct Collector {
  const int64_t through;
  const size_t max;
  Mutex m;
  CondVar changed;
  std::vector<store::Event> events MZ_GUARDED_BY(m);
  bool done MZ_GUARDED_BY(m) = false;
  std::optional<Error> failed MZ_GUARDED_BY(m);

  void on_message(const store::WatchMessage& message) {
    Lock lock(m);
    if (done || failed) return;
    if (message.end) failed = message.end;
    for (const store::Event* event : message.events) {
      if (event->kv.mod_revision.get() > through) break;
      if (events.size() == max) {
        failed = Error(Code::Expired, "more changes than a watch can resume across");
        break;
      }
      events.push_back(*event);
    }
    done = message.revision.get() >= through;
    changed.notify_all();
  }
};

/// Changes of `range` after one revision up to another, each with the state before it. Blocks.
Result<std::vector<store::Event>> read_events(store::Store& store, const store::KeyRange& range,
                                              int64_t after, int64_t through, size_t max, Deadline deadline) {
  auto collector = std::make_shared<Collector>(through, max);
  const auto watch =
      store.watch({range, store::Revision(after + 1), true},
                  [collector](const store::WatchMessage& message) { collector->on_message(message); });
  // Where the last changes are other keys', nothing would say that the end is reached.
  watch->request_progress();
  Lock lock(collector->m);
  while (!collector->done && !collector->failed) {
    if (!collector->changed.wait_until(collector->m, deadline) && deadline.expired())
      return Error(Code::Timeout, "reading the history of changes took too long");
  }
  if (collector->failed) return *collector->failed;
  return std::move(collector->events);
}

}  // namespace

Error ResourceCache::too_old(int64_t revision) const {
  return Error(Code::Expired, fmt::format("too old resource version: {} ({})", revision, ring_from_));
}

bool ResourceCache::reaches(int64_t revision) const {
  Lock lock(m_);
  // What is known to be gone need not be asked for again.
  return revision >= ring_from_ || revision <= expired_through_;
}

Result<std::vector<Change>> ResourceCache::past_changes(int64_t after, int64_t through, size_t max,
                                                        Deadline deadline) const {
  MZ_ASSIGN(const auto events,
            read_events(store_, store::KeyRange::prefix(prefix_), after, through, max, deadline));
  std::vector<Change> out;
  out.reserve(events.size());
  absl::btree_map<std::string, EntryPtr> newest;  // states made already, so that neighbours share them
  for (const store::Event& event : events) {
    Change change;
    change.revision = event.kv.mod_revision.get();
    EntryPtr& state = newest[event.kv.key];
    if (event.prev) {
      change.previous =
          state && state->revision() == event.prev->mod_revision.get() ? state : decode_entry(*event.prev);
    } else if (!event.is_create()) {
      return Error(Code::Expired, "the state before a change has been compacted");
    }
    if (event.type == store::Event::Type::Delete) {
      state = nullptr;
      if (!change.previous) continue;
      change.type = Change::Type::Deleted;
      change.entry = last_state(*change.previous, change.revision);
    } else {
      state = change.entry = decode_entry(event.kv);
      if (!change.entry) continue;
      change.type = change.previous ? Change::Type::Modified : Change::Type::Added;
    }
    out.push_back(std::move(change));
  }
  return out;
}

Result<void> ResourceCache::backfill(int64_t revision, Deadline deadline) {
  Lock one(backfill_m_);
  int64_t through = 0;
  size_t room = 0;
  {
    Lock lock(m_);
    if (revision >= ring_from_) return {};
    if (revision <= expired_through_) return too_old(revision);
    through = ring_from_;
    room = kRingMax - ring_.size();
  }
  auto changes = past_changes(revision, through, room, deadline);
  Lock lock(m_);
  if (changes.ok()) {
    // Changes that came meanwhile may have pushed out what these should join, or need their room.
    if (ring_from_ != through || ring_.size() + changes->size() > kRingMax) return too_old(revision);
    ring_.insert(ring_.begin(), std::make_move_iterator(changes->begin()),
                 std::make_move_iterator(changes->end()));
    ring_from_ = revision;
    return {};
  }
  if (changes.error().code() != Code::Expired) return changes.error();
  // Neither comes back: history only gets shorter and the ring only moves on.
  if (ring_from_ == through) expired_through_ = std::max(expired_through_, revision);
  return too_old(revision);
}

}  // namespace mizzen::apiserver
