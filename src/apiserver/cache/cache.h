#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/container/btree_map.h>

#include "apiserver/cache/dispatch.h"
#include "apiserver/cache/entry.h"
#include "async/mutex.h"
#include "store/contract/store.h"

namespace mizzen::apiserver {

/// One change as watchers get it. For Deleted, `entry` is the last state with the revision of the deletion.
struct Change {
  enum class Type : uint8_t { Added, Modified, Deleted, Bookmark };
  Type type = Type::Bookmark;
  EntryPtr entry;     ///< null for Bookmark
  EntryPtr previous;  ///< the state before; null for creations
  int64_t revision = 0;
  bool initial_end = false;  ///< Bookmark after the initial events
};

/// Which objects a list or watch is about.
struct Filter {
  std::string namespace_;  ///< empty: all
  std::string name;        ///< empty: all
  machinery::LabelSelector labels;
  machinery::FieldSelector fields;

  bool matches(const Entry& entry) const;
  bool trivial() const { return namespace_.empty() && name.empty() && labels.empty() && fields.empty(); }
};

/// How a watch starts.
struct WatchStart {
  std::optional<int64_t> from;  ///< changes after this revision; nothing: all that is there, as Added, first
  bool bookmarks = false;
  bool initial_end_bookmark = false;
};

class ResourceCache;

/// Role: a watcher's place in a cache; destroying it ends the watch and waits for a running sink call (unless
/// called from the dispatch thread).
class Subscription {
 public:
  using Sink = std::function<void(const std::vector<Change>&)>;
  ~Subscription();

 private:
  friend class ResourceCache;
  struct State;
  Subscription(ResourceCache& cache, std::shared_ptr<State> state)
      : cache_(cache), state_(std::move(state)) {}
  ResourceCache& cache_;
  std::shared_ptr<State> state_;
};

/// Role: everything of one resource in memory: an ordered map of entries kept current by a store watch, and a
/// ring of recent changes. All reads of the API are served from here; it knows which revision it has applied.
/// Truth: a cache of the store; never older than what the store has acknowledged to this process where the
/// store is local. Rebuilt by one range read at start and after a lost watch. Threading: thread-safe. The
/// store's sink only updates the map; watchers are told by the dispatch thread. Invariants: I1 changes reach
/// a subscriber in revision order without a gap. I2 the map at revision r equals the store at r. Bounds:
/// kRingMax changes; the ring starts empty and is filled from the store's history by the first watch that
/// asks for older ones (backfill), so that clients resume across a restart. A watch from before them gets
/// Expired.
class ResourceCache {
 public:
  static constexpr size_t kRingMax = 4096;

  ResourceCache(const api::ResourceInfo& resource, store::Store& store, Companions& companions,
                Dispatch& dispatch);
  ~ResourceCache();

  /// Loads and starts to watch. Blocks.
  Result<void> start(Deadline deadline);
  /// Ends the store watch. Subscribers are told nothing more.
  void stop();

  const api::ResourceInfo& resource() const { return resource_; }
  /// The revision up to which every change of this resource is in the map.
  int64_t revision() const;
  /// ServiceUnavailable or Timeout where the cache does not get there in time.
  Result<void> wait_for(int64_t revision, Deadline deadline);

  EntryPtr find(const std::string& key) const;
  /// Matching entries in key order after `after` (exclusive; empty: from the start), at most `limit` (0:
  /// all). `revision` gets the revision they stand for; `more` whether the limit cut, `remaining` how many of
  /// the namespace come after (only exact for trivial selectors).
  struct Page {
    std::vector<EntryPtr> entries;
    int64_t revision = 0;
    bool more = false;
    size_t remaining = 0;
  };
  Page list(const Filter& filter, const std::string& after, size_t limit) const;
  /// The newest change in the map; a page at revision r can be served from here where this is not above r.
  int64_t newest_change() const;
  size_t size() const;
  /// For metrics: changes from the store, changes handed to watchers, what watches began with, loads of
  /// everything.
  struct Stats {
    uint64_t received = 0;
    uint64_t dispatched = 0;
    uint64_t initial = 0;
    uint64_t loads = 0;
  };
  Stats stats() const;

  /// True where a watch from `revision` finds its changes in the ring.
  bool reaches(int64_t revision) const;
  /// Makes the ring reach back to `revision` with what the store remembers; nothing to do where it does.
  /// Expired where that was compacted or is more than the ring holds. Blocks: workers only.
  Result<void> backfill(int64_t revision, Deadline deadline);
  /// Expired where `start.from` lies before the ring.
  Result<std::unique_ptr<Subscription>> subscribe(Filter filter, WatchStart start, Subscription::Sink sink);
  /// Sends a bookmark to every subscriber that wants them. On the dispatch thread.
  void send_bookmarks();

  /// A writer that has just encoded `object` leaves it here under the bytes it hands to the store, so that
  /// the event need not be decoded again; the token withdraws it.
  std::shared_ptr<void> prepare(const store::Bytes& bytes, Object object);
  Companions& companions() { return companions_; }

 private:
  friend class Subscription;
  void on_message(const store::WatchMessage& message);
  void apply(const store::Event& event, std::vector<Change>& changes) MZ_REQUIRES(m_);
  EntryPtr make_entry(const store::KeyValue& kv) MZ_REQUIRES(m_);
  void fan_out(const std::vector<Change>& changes);
  EntryPtr decode_entry(const store::KeyValue& kv) const;
  EntryPtr last_state(const Entry& entry, int64_t revision) const;
  std::vector<Change> select(const Filter& filter, const std::vector<Change>& changes, int64_t after) const;
  Result<std::vector<Change>> past_changes(int64_t after, int64_t through, size_t max,
                                           Deadline deadline) const;
  Error too_old(int64_t revision) const MZ_REQUIRES(m_);
  void reload();
  Result<void> load(Deadline deadline);

  const api::ResourceInfo& resource_;
  store::Store& store_;
  Companions& companions_;
  Dispatch& dispatch_;
  const std::string prefix_;

  std::atomic<uint64_t> received_ = 0, dispatched_ = 0, initial_ = 0, loads_ = 0;
  Mutex backfill_m_;  ///< one backfill at a time; taken before m_
  mutable Mutex m_;
  CondVar advanced_;
  absl::btree_map<std::string, EntryPtr> entries_ MZ_GUARDED_BY(m_);
  std::deque<Change> ring_ MZ_GUARDED_BY(m_);
  int64_t applied_ MZ_GUARDED_BY(m_) = 0;
  int64_t newest_change_ MZ_GUARDED_BY(m_) = 0;
  int64_t ring_from_ MZ_GUARDED_BY(m_) = 0;         ///< changes after this revision are in the ring
  int64_t expired_through_ MZ_GUARDED_BY(m_) = -1;  ///< a backfill from here or before has failed for good
  absl::btree_map<const std::string*, Object> prepared_ MZ_GUARDED_BY(m_);
  std::shared_ptr<store::Watch> watch_ MZ_GUARDED_BY(m_);
  bool stopped_ MZ_GUARDED_BY(m_) = false;

  Mutex subscribers_m_;  ///< taken after m_
  std::vector<std::shared_ptr<Subscription::State>> subscribers_ MZ_GUARDED_BY(subscribers_m_);
};

}  // namespace mizzen::apiserver
