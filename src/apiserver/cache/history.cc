// Changes from before the ring, read from the store's history for a watcher that resumes there.
#include <fmt/format.h>

#include <absl/container/btree_map.h>

#include "apiserver/cache/cache.h"
#include "base/check.h"

namespace mizzen::apiserver {
namespace {

constexpr Duration kHistoryTimeout = std::chrono::seconds(10);

/// Collects a store watch's events: up to a revision, or about `max` of them, whole revisions always.
struct Collector {
  const int64_t through;
  const size_t max;
  Mutex m;
  CondVar changed;
  std::vector<store::Event> events MZ_GUARDED_BY(m);
  int64_t reached MZ_GUARDED_BY(m) = 0;
  bool done MZ_GUARDED_BY(m) = false;
  std::optional<Error> failed MZ_GUARDED_BY(m);

  void on_message(const store::WatchMessage& message) {
    Lock lock(m);
    if (done || failed) return;
    if (message.end) failed = message.end;
    for (const store::Event* event : message.events) {
      const int64_t at = event->kv.mod_revision.get();
      MZ_CHECK(events.empty() || at >= events.back().kv.mod_revision.get(), "history goes back from {} to {}",
               events.back().kv.mod_revision.get(), at);
      if (events.size() >= max && at != events.back().kv.mod_revision.get()) {
        reached = events.back().kv.mod_revision.get();
        done = true;
        break;
      }
      events.push_back(*event);
    }
    if (!done) reached = message.revision.get();
    done = done || reached >= through;
    changed.notify_all();
  }
};

}  // namespace

Error ResourceCache::too_old(int64_t revision) const {
  Lock lock(m_);
  return Error(Code::Expired,
               fmt::format("too old resource version: {} ({})", revision, ring_.reaches_back_to()));
}

/// Blocks. `through` is what the ring reaches back to, so that ring and history meet.
Result<std::pair<std::vector<ChangePtr>, int64_t>> ResourceCache::past_changes(int64_t after, size_t max,
                                                                               Deadline deadline) const {
  int64_t through = 0;
  {
    Lock lock(m_);
    through = ring_.reaches_back_to();
  }
  if (after >= through) return std::pair(std::vector<ChangePtr>(), after);
  const auto collector = std::make_shared<Collector>(through, max);
  std::vector<store::Event> events;
  int64_t reached = 0;
  {
    const auto watch = deps_.store.watch(
        {store::KeyRange::prefix(prefix_), store::Revision(after + 1), true},
        [collector](const store::WatchMessage& message) { collector->on_message(message); });
    // Where the last changes are other keys', nothing would say that the end is reached.
    watch->request_progress();
    Lock lock(collector->m);
    while (!collector->done && !collector->failed) {
      if (!collector->changed.wait_until(collector->m, deadline) && deadline.expired())
        return Error(Code::Timeout, "reading the history of changes took too long");
    }
    if (collector->failed) return *collector->failed;
    events = std::move(collector->events);
    reached = collector->reached;
  }
  std::vector<ChangePtr> out;
  out.reserve(events.size());
  absl::btree_map<std::string, EntryPtr> newest;  // states made already, so that neighbours share them
  std::string why;
  for (const store::Event& event : events) {
    const int64_t revision = event.kv.mod_revision.get();
    EntryPtr& state = newest[event.kv.key];
    EntryPtr previous;
    if (event.prev) {
      previous = state && state->revision() == event.prev->mod_revision.get()
                     ? state
                     : decode_entry(*event.prev, why);
    } else if (!event.is_create()) {
      return Error(Code::Expired, "the state before a change has been compacted");
    }
    state = event.type == store::Event::Type::Delete ? nullptr : decode_entry(event.kv, why);
    if (state) {
      const ChangeType type = previous ? ChangeType::Modified : ChangeType::Added;
      out.push_back(std::make_shared<Change>(type, state, std::move(previous), revision));
    } else if (previous) {
      EntryPtr last = previous->at(revision);
      out.push_back(
          std::make_shared<Change>(ChangeType::Deleted, std::move(last), std::move(previous), revision));
    }
  }
  return std::pair(std::move(out), reached);
}

void ResourceCache::read_history(int64_t revision, size_t max, Lane& lane, HistoryRead done) {
  const bool posted = deps_.runtime.executor.post([self = shared_from_this(), revision, max, &lane, done] {
    auto chunk =
        self->past_changes(revision, max, Deadline::after(kHistoryTimeout, self->deps_.runtime.clock));
    if (!chunk.ok() && chunk.error().code() == Code::Expired) chunk = self->too_old(revision);
    lane.post([done, chunk = std::move(chunk)]() mutable { done(std::move(chunk)); });
  });
  if (posted) return;
  lane.post([done] { done(Error(Code::TooManyRequests, "Too many requests, please try again later.")); });
}

}  // namespace mizzen::apiserver
