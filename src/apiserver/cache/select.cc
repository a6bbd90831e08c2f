// Snapshots for lists that select by a label or field: from an index, where one is worth it.
#include "apiserver/cache/cache.h"

namespace mizzen::apiserver {
namespace {

/// A walk over fewer is as quick.
constexpr size_t kIndexedMin = 2'000;

}  // namespace

Snapshot ResourceCache::snapshot_for(const Filter& filter) {
  std::optional<std::vector<EntryPtr>> candidates;
  std::optional<IndexKey> wanted;
  Snapshot out;
  {
    Lock lock(m_);
    if (!filter.by_place() && tree_.size() >= kIndexedMin)
      candidates = indexes_.candidates(filter, deps_.runtime.clock.monotonic(), wanted);
    if (building_index_) wanted.reset();
    if (wanted) building_index_ = true;
    out = {candidates ? EntryTree() : tree_, progress(), newest_change_};
  }
  if (wanted && !deps_.runtime.executor.post([this, key = *wanted] { build_index(key); })) {
    Lock lock(m_);
    building_index_ = false;  // too much to do: another list will ask again
  }
  if (candidates)
    for (EntryPtr& entry : *candidates) out.tree.set(std::move(entry));
  return out;
}

void ResourceCache::build_index(const IndexKey& key) {
  const Snapshot then = snapshot();
  SelectorIndex index(key);
  for (auto at = then.tree.seek(""); at.get(); at.next()) index.add(at.share());
  std::vector<ChangePtr> since;
  Lock lock(m_);
  building_index_ = false;
  // What came meanwhile is in the ring, unless the feed was lost or very much came: another list asks again.
  if (feed_ != Feed::Live || then.revision < ring_.reaches_back_to()) return;
  ring_.read(then.revision, SIZE_MAX, since);
  for (const ChangePtr& change : since) {
    if (change->previous()) index.remove(*change->previous());
    if (change->type() != ChangeType::Deleted) index.add(change->entry());
  }
  indexes_.install(std::move(index), deps_.runtime.clock.monotonic());
}

}  // namespace mizzen::apiserver
