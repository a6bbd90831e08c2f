#include "store/etcd/backlog.h"

#include <algorithm>

#include "store/contract/errors.h"

namespace mizzen::store::etcd {
namespace {

Revision revision_of(const Committed& committed) { return committed.event.kv.mod_revision; }

size_t bytes_of(const Event& event) {
  return event.kv.key.size() + view(event.kv.value).size() +
         (event.prev ? view(event.prev->value).size() : 0);
}

}  // namespace

Result<History::Chunk> Backlog::read(Revision from, const KeyRange& range, Revision target) {
  Lock lock(m_);
  if (!kept_.reaches(from)) MZ_TRY(fill(from, target));
  History::Chunk out;
  out.through = std::min(kept_.through, target);
  auto it = std::lower_bound(kept_.events.begin(), kept_.events.end(), from,
                             [](const Committed& c, Revision r) { return revision_of(c) < r; });
  for (; it != kept_.events.end() && revision_of(*it) <= out.through; ++it) {
    if (!range.contains(it->event.kv.key)) continue;
    if (out.events.size() >= kChunkEventsMax && revision_of(*it) != revision_of(out.events.back())) {
      out.through = revision_of(out.events.back());
      break;
    }
    out.events.push_back(*it);
  }
  return out;
}

Result<void> Backlog::fill(Revision from, Revision target) {
  // What comes next is added, where there is room, so that those who are a little behind go on sharing.
  if (kept_.first <= from && kept_.through.get() + kEarlier >= from.get() && !kept_.full())
    return follow(kept_, from, target);
  Kept next;
  next.first = Revision(std::max<int64_t>(1, from.get() - kEarlier));
  next.through = Revision(next.first.get() - 1);
  auto filled = follow(next, from, target);
  if (!filled.ok() && is_compacted(filled.error()) && next.first != from) {
    next = {{}, from, Revision(from.get() - 1), 0};
    filled = follow(next, from, target);
  }
  if (filled.ok()) kept_ = std::move(next);
  return filled;
}

/// Goes on to `wanted` at least; what stands before it goes again where there is no room for both.
Result<void> Backlog::follow(Kept& kept, Revision wanted, Revision target) {
  reads_.fetch_add(1, std::memory_order_relaxed);
  const Result<void> followed =
      follow_(Revision(kept.through.get() + 1), [&](Revision through, std::vector<Committed> events) {
        for (Committed& committed : events) {
          kept.bytes += bytes_of(committed.event);
          kept.events.push_back(std::move(committed));
        }
        kept.through = through;
        if (kept.full() && through < wanted) kept = {{}, Revision(through.get() + 1), through, 0};
        return through < target && !kept.full();
      });
  if (!followed.ok()) return followed;
  if (kept.through < wanted) return stopped();
  return {};
}

void Backlog::forget() {
  Lock lock(m_);
  kept_ = {};
}

}  // namespace mizzen::store::etcd
