#include "apiserver/cache/cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "telemetry/log.h"

namespace mizzen::apiserver {

/// What the cache knows of one watcher.
struct Subscription::State {
  Filter filter;
  Sink sink;
  bool bookmarks = false;
  int64_t after = 0;  ///< changes up to here were delivered by subscribe()
  Mutex m;            ///< held while the sink runs
  bool closed MZ_GUARDED_BY(m) = false;
};

bool Filter::matches(const Entry& entry) const {
  if (!namespace_.empty() && entry.namespace_() != namespace_) return false;
  if (!name.empty() && entry.name() != name) return false;
  if (!labels.empty() && !labels.matches(entry.labels())) return false;
  return fields.empty() || fields.matches(entry.fields());
}

Subscription::~Subscription() {
  {
    Lock lock(cache_.subscribers_m_);
    std::erase(cache_.subscribers_, state_);
  }
  if (cache_.dispatch_.on_thread()) {
    // Within our own sink call the lock is held further up this very stack.
    if (state_->m.try_lock()) {
      state_->closed = true;
      state_->m.unlock();
    }
    return;
  }
  Lock lock(state_->m);
  state_->closed = true;
}

ResourceCache::ResourceCache(const api::ResourceInfo& resource, store::Store& store, Companions& companions,
                             Dispatch& dispatch)
    : resource_(resource),
      store_(store),
      companions_(companions),
      dispatch_(dispatch),
      prefix_(storage_prefix(resource)) {}

ResourceCache::~ResourceCache() { stop(); }

void ResourceCache::stop() {
  std::shared_ptr<store::Watch> watch;
  {
    Lock lock(m_);
    stopped_ = true;
    watch.swap(watch_);
    advanced_.notify_all();
  }
}

Result<void> ResourceCache::start(Deadline deadline) { return load(deadline); }

Result<void> ResourceCache::load(Deadline deadline) {
  MZ_ASSIGN(const auto range, store_.range({store::KeyRange::prefix(prefix_)}, deadline));
  absl::btree_map<std::string, EntryPtr> entries;
  int64_t newest = 0;
  {
    Lock lock(m_);
    for (const store::KeyValue& kv : range.kvs) {
      if (EntryPtr entry = make_entry(kv)) entries[entry->key()] = entry;
      newest = std::max(newest, kv.mod_revision.get());
    }
    entries_.swap(entries);
    ring_.clear();
    applied_ = ring_from_ = range.revision.get();
    expired_through_ = -1;
    newest_change_ = newest;
    advanced_.notify_all();
  }
  store::WatchRequest request;
  request.range = store::KeyRange::prefix(prefix_);
  request.from = store::Revision(range.revision.get() + 1);
  std::shared_ptr<store::Watch> watch =
      store_.watch(request, [this](const store::WatchMessage& m) { on_message(m); });
  loads_.fetch_add(1, std::memory_order_relaxed);
  Lock lock(m_);
  if (!stopped_) watch_ = std::move(watch);
  return {};
}

EntryPtr ResourceCache::make_entry(const store::KeyValue& kv) {
  const auto it = prepared_.find(kv.value.get());
  if (it == prepared_.end()) return decode_entry(kv);
  const int64_t revision = kv.mod_revision.get();
  machinery::MutableObject object(it->second);
  object.meta().resourceVersion = std::to_string(revision);
  return std::make_shared<Entry>(resource_, kv.key.substr(prefix_.size()), revision,
                                 std::move(object).freeze(), companions_);
}

EntryPtr ResourceCache::decode_entry(const store::KeyValue& kv) const {
  const int64_t revision = kv.mod_revision.get();
  auto object = decode_stored(resource_, store::view(kv.value), revision);
  if (!object.ok()) {
    log::error("apiserver", "stored object cannot be read and is left out",
               {log::kv("key", kv.key), log::kv("err", object.error().message())});
    return nullptr;
  }
  return std::make_shared<Entry>(resource_, kv.key.substr(prefix_.size()), revision, std::move(*object),
                                 companions_);
}

/// How watchers get an object that is gone (or left their selection): as it was, with the revision at which
/// it went.
EntryPtr ResourceCache::last_state(const Entry& entry, int64_t revision) const {
  machinery::MutableObject last(entry.object());
  last.meta().resourceVersion = std::to_string(revision);
  return std::make_shared<Entry>(resource_, entry.key(), revision, std::move(last).freeze(), companions_);
}

void ResourceCache::apply(const store::Event& event, std::vector<Change>& changes) {
  const std::string key = event.kv.key.substr(prefix_.size());
  const auto it = entries_.find(key);
  Change change;
  change.revision = event.kv.mod_revision.get();
  if (it != entries_.end()) change.previous = it->second;
  if (event.type == store::Event::Type::Delete) {
    if (it == entries_.end()) return;
    change.type = Change::Type::Deleted;
    change.entry = last_state(*change.previous, change.revision);
    entries_.erase(it);
  } else {
    change.entry = make_entry(event.kv);
    if (!change.entry) return;
    change.type = change.previous ? Change::Type::Modified : Change::Type::Added;
    entries_[key] = change.entry;
  }
  newest_change_ = change.revision;
  ring_.push_back(change);
  if (ring_.size() > kRingMax) {
    ring_from_ = ring_.front().revision;
    ring_.pop_front();
  }
  changes.push_back(std::move(change));
}

void ResourceCache::on_message(const store::WatchMessage& message) {
  if (message.end) {
    log::warn("apiserver", "store watch ended, loading again",
              {log::kv("resource", resource_.plural), log::kv("err", message.end->message())});
    dispatch_.post([this] { reload(); });
    return;
  }
  received_.fetch_add(message.events.size(), std::memory_order_relaxed);
  std::vector<Change> changes;
  Lock lock(m_);
  if (stopped_) return;
  for (const store::Event* event : message.events) apply(*event, changes);
  applied_ = std::max(applied_, message.revision.get());
  advanced_.notify_all();
  // Posted under the lock: a subscriber that registers next must find this batch behind it in the queue.
  if (!changes.empty()) dispatch_.post([this, changes = std::move(changes)] { fan_out(changes); });
}

/// After a lost watch: whatever changed meanwhile is unknown, so that every watcher is ended by closing the
/// ring, and told what differs as far as the maps show it.
void ResourceCache::reload() {
  absl::btree_map<std::string, EntryPtr> before;
  {
    Lock lock(m_);
    if (stopped_) return;
    before = entries_;
  }
  if (const auto r = load(Deadline::after(std::chrono::seconds(10))); !r.ok()) {
    log::error("apiserver", "loading failed, trying again",
               {log::kv("resource", resource_.plural), log::kv("err", r.error().message())});
    dispatch_.post([this] { reload(); });
    return;
  }
  std::vector<Change> changes;
  {
    Lock lock(m_);
    const int64_t now = applied_;
    for (const auto& [key, entry] : before) {
      const auto it = entries_.find(key);
      if (it != entries_.end() && it->second->revision() == entry->revision()) continue;
      Change change;
      change.type = it == entries_.end() ? Change::Type::Deleted : Change::Type::Modified;
      change.previous = entry;
      change.entry = it == entries_.end() ? entry : it->second;
      change.revision = it == entries_.end() ? now : it->second->revision();
      changes.push_back(std::move(change));
    }
    for (const auto& [key, entry] : entries_) {
      if (before.contains(key)) continue;
      Change change;
      change.type = Change::Type::Added;
      change.entry = entry;
      change.revision = entry->revision();
      changes.push_back(std::move(change));
    }
  }
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.revision < b.revision; });
  fan_out(changes);
}

int64_t ResourceCache::revision() const {
  Lock lock(m_);
  return watch_ ? std::max(applied_, watch_->progress().get()) : applied_;
}

Result<void> ResourceCache::wait_for(int64_t wanted, Deadline deadline) {
  Lock lock(m_);
  for (;;) {
    const int64_t now = watch_ ? std::max(applied_, watch_->progress().get()) : applied_;
    if (now >= wanted) return {};
    if (stopped_) return Error(Code::ServiceUnavailable, "the server is shutting down");
    if (watch_) watch_->request_progress();
    // Progress of other keys does not wake this: look again often, it is the rare path.
    Deadline soon = Deadline::after(std::chrono::milliseconds(2));
    if (deadline.when() < soon.when()) soon = deadline;
    advanced_.wait_until(m_, soon);
    if (deadline.expired() && std::max(applied_, watch_ ? watch_->progress().get() : 0) < wanted) {
      ErrorDetails details;
      details.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
      details.retry_after_seconds = 1;
      return Error(Code::Timeout,
                   fmt::format("Timeout: Too large resource version: {}, current: {}", wanted, applied_),
                   std::move(details));
    }
  }
}

EntryPtr ResourceCache::find(const std::string& key) const {
  Lock lock(m_);
  const auto it = entries_.find(key);
  return it == entries_.end() ? nullptr : it->second;
}

int64_t ResourceCache::newest_change() const {
  Lock lock(m_);
  return newest_change_;
}

ResourceCache::Stats ResourceCache::stats() const { return {received_, dispatched_, initial_, loads_}; }

size_t ResourceCache::size() const {
  Lock lock(m_);
  return entries_.size();
}

ResourceCache::Page ResourceCache::list(const Filter& filter, const std::string& after, size_t limit) const {
  Page page;
  Lock lock(m_);
  page.revision = watch_ ? std::max(applied_, watch_->progress().get()) : applied_;
  if (!filter.name.empty() && (!resource_.namespaced || !filter.namespace_.empty())) {
    const auto it = entries_.find(entry_key(filter.namespace_, filter.name));
    if (it != entries_.end() && filter.matches(*it->second) && it->first > after)
      page.entries.push_back(it->second);
    return page;
  }
  const std::string prefix = filter.namespace_.empty() ? "" : filter.namespace_ + "/";
  auto it = after.empty() ? entries_.lower_bound(prefix) : entries_.upper_bound(after);
  for (; it != entries_.end() && it->first.starts_with(prefix); ++it) {
    if (!filter.trivial() && !filter.matches(*it->second)) continue;
    if (limit != 0 && page.entries.size() == limit) {
      page.more = true;
      break;
    }
    page.entries.push_back(it->second);
  }
  for (; page.more && it != entries_.end() && it->first.starts_with(prefix); ++it) ++page.remaining;
  return page;
}

Result<std::unique_ptr<Subscription>> ResourceCache::subscribe(Filter filter, WatchStart start,
                                                               Subscription::Sink sink) {
  auto state = std::make_shared<Subscription::State>();
  state->filter = std::move(filter);
  state->sink = std::move(sink);
  state->bookmarks = start.bookmarks;
  std::vector<Change> first;
  Lock lock(m_);
  const int64_t now = watch_ ? std::max(applied_, watch_->progress().get()) : applied_;
  if (start.from) {
    if (*start.from < ring_from_) return too_old(*start.from);
    for (const Change& change : ring_)
      if (change.revision > *start.from) first.push_back(change);
  } else {
    for (const auto& [key, entry] : entries_) {
      if (!state->filter.matches(*entry)) continue;
      Change change;
      change.type = Change::Type::Added;
      change.entry = entry;
      change.revision = entry->revision();
      first.push_back(std::move(change));
    }
    if (start.initial_end_bookmark) {
      Change end;
      end.revision = now;
      end.initial_end = true;
      first.push_back(std::move(end));
    }
  }
  state->after = std::max(now, start.from.value_or(0));
  initial_.fetch_add(first.size(), std::memory_order_relaxed);
  {
    Lock guard(subscribers_m_);
    subscribers_.push_back(state);
  }
  const bool raw = !start.from.has_value();
  dispatch_.post([this, state, first = std::move(first), raw] {
    const std::vector<Change> wanted = raw ? first : select(state->filter, first, 0);
    Lock guard(state->m);
    if (!state->closed && !wanted.empty()) state->sink(wanted);
  });
  return std::unique_ptr<Subscription>(new Subscription(*this, std::move(state)));
}

/// What of the changes after `after` somebody who watches the selection is told, and as what.
std::vector<Change> ResourceCache::select(const Filter& filter, const std::vector<Change>& changes,
                                          int64_t after) const {
  std::vector<Change> wanted;
  for (const Change& change : changes) {
    if (change.revision <= after) continue;
    const bool is = change.type != Change::Type::Deleted && filter.matches(*change.entry);
    const bool was = change.previous && filter.matches(*change.previous);
    if (!is && !was) continue;
    Change out = change;
    if (is) {
      out.type = was ? Change::Type::Modified : Change::Type::Added;
    } else if (change.type != Change::Type::Deleted) {
      out.type = Change::Type::Deleted;
      out.entry = last_state(*change.previous, change.revision);
    }
    wanted.push_back(std::move(out));
  }
  return wanted;
}

void ResourceCache::fan_out(const std::vector<Change>& changes) {
  dispatched_.fetch_add(changes.size(), std::memory_order_relaxed);
  std::vector<std::shared_ptr<Subscription::State>> all;
  {
    Lock lock(subscribers_m_);
    all = subscribers_;
  }
  for (const auto& state : all) {
    const std::vector<Change> wanted = select(state->filter, changes, state->after);
    if (wanted.empty()) continue;
    Lock guard(state->m);
    if (!state->closed) state->sink(wanted);
  }
}

void ResourceCache::send_bookmarks() {
  std::vector<std::shared_ptr<Subscription::State>> all;
  Change bookmark;
  {
    Lock lock(m_);
    bookmark.revision = watch_ ? std::max(applied_, watch_->progress().get()) : applied_;
    Lock guard(subscribers_m_);
    all = subscribers_;
  }
  // Every batch up to this revision was posted before it could be read, but may still wait behind us in the
  // queue.
  dispatch_.post([all = std::move(all), bookmark] {
    for (const auto& state : all) {
      if (!state->bookmarks) continue;
      Lock guard(state->m);
      if (!state->closed) state->sink({bookmark});
    }
  });
}

std::shared_ptr<void> ResourceCache::prepare(const store::Bytes& bytes, Object object) {
  Lock lock(m_);
  prepared_[bytes.get()] = std::move(object);
  return std::shared_ptr<void>(nullptr, [this, bytes](void*) {
    Lock guard(m_);
    prepared_.erase(bytes.get());
  });
}

}  // namespace mizzen::apiserver
