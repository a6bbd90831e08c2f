#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "apiserver/cache/change_ring.h"
#include "apiserver/cache/lane.h"
#include "apiserver/cache/page.h"
#include "apiserver/cache/selector_index.h"
#include "apiserver/cache/subscription.h"
#include "async/mutex.h"
#include "async/runtime.h"
#include "store/contract/store.h"

namespace mizzen::apiserver {

/// Role: everything of one resource in memory: a tree of entries kept current by a store watch, and a ring of
/// recent changes. All reads of the API are served from here; it knows which revision it has applied. Truth:
/// a cache of the store; never older than what the store has acknowledged to this process where the store is
/// local. Life: start() loads by pages; a feed that is lost makes it unready: every watcher gets Expired,
/// reads that need the newest state wait, and it loads again, with back-off. stop() ends all that: its
/// resource is served no more, or the server stops. Held by shared_ptr: what runs for it elsewhere keeps it.
/// Threading: thread-safe. The store's sink builds entries without a lock and changes the tree under one;
/// reads take a snapshot and hold no lock while they walk it. Watchers are served on their lanes (lane.h).
/// Invariants: I1 changes reach a watcher in revision order without a gap. I2 the tree at revision r equals
/// the store at r. I3 progress stands still from the loss of the feed until everything is loaded again.
/// Bounds: ring as ChangeRing; kWaitersMax who wait for a revision.
class ResourceCache : public std::enable_shared_from_this<ResourceCache> {
 public:
  static constexpr size_t kWaitersMax = 10'000;

  struct Deps {
    store::Store& store;
    CompanionsPtr companions;
    Runtime runtime;  ///< its executor reads the store's history and loads again
  };

  ResourceCache(const api::ResourceInfo& resource, Deps deps, ChangeRing::Options ring = {});
  ~ResourceCache();

  /// Loads and starts to watch. Blocks.
  Result<void> start(Deadline deadline);
  /// Loads, with back-off, until it works: for a resource that came while the store cannot be read.
  void start_later();
  /// Ends the store watch, and tells every watcher and whoever waits why. Idempotent. Waits for the lanes;
  /// not on an event loop.
  void stop(const Error& why);
  /// The same where the server stops.
  void stop();

  const api::ResourceInfo& resource() const { return *resource_; }
  /// The revision up to which every change of this resource is in the tree.
  int64_t revision() const;
  /// True where it has got there, with everything loaded.
  bool has_reached(int64_t revision) const;
  /// Calls `done` once the cache has got there: at once, or on another thread. ServiceUnavailable or Timeout
  /// where it does not in time; TooManyRequests where too many wait.
  using Reached = std::function<void(Result<void>)>;
  void when_reached(int64_t revision, Deadline deadline, Reached done);
  /// The same for those who may block.
  Result<void> wait_for(int64_t revision, Deadline deadline);

  EntryPtr find(const std::string& key) const;
  Snapshot snapshot() const;
  /// A snapshot in which all that the filter selects is there, and as little else as the indexes allow. An
  /// index that would have helped is made for the next time.
  Snapshot snapshot_for(const Filter& filter);
  Page list(const Filter& filter, const std::string& after, size_t limit) {
    return page_of(snapshot_for(filter), filter, after, limit);
  }
  /// InternalError where an object in the selection stands in the store but cannot be read, so that no answer
  /// would be true.
  Result<void> readable(const Filter& filter) const;
  size_t size() const;
  /// For metrics: changes from the store, changes made known to watchers, what watches began with, loads of
  /// everything.
  struct Stats {
    uint64_t received = 0;
    uint64_t dispatched = 0;
    uint64_t initial = 0;
    uint64_t loads = 0;
  };
  Stats stats() const;

  /// Starts a watch on this lane, whose thread must call. ServiceUnavailable while nothing is loaded. Nothing
  /// is handed over before the caller returns; then it goes by itself, and with Subscription::resume() where
  /// the sink wanted no more.
  Result<std::shared_ptr<Subscription>> subscribe(Lane& lane, Filter filter, WatchStart start,
                                                  std::shared_ptr<WatcherSink> sink);
  /// Lets go of old changes.
  void expire_changes();
  /// Sends a bookmark to every watcher that wants them.
  void send_bookmarks();

  /// A writer that has just encoded `object` leaves it here under the bytes it hands to the store, so that
  /// the event need not be decoded again; the token withdraws it.
  std::shared_ptr<void> prepare(const store::Bytes& bytes, machinery::MutableObject object);
  /// What was written with these bytes, at this revision, also where something newer stands in the cache.
  EntryPtr written(std::string_view key, int64_t revision, const store::Bytes& bytes) const;
  const EntryHomePtr& home() const { return home_; }

 private:
  friend class Roster;
  friend class Subscription;
  enum class Feed : uint8_t { None, Live, Lost, Stopped };
  struct Waiter {
    int64_t revision;
    Deadline deadline;
    Reached done;
  };
  /// One event as the tree takes it; without an entry the key goes.
  struct Step {
    std::string key;
    EntryPtr entry;
    ChangePtr change;
    std::string unreadable;  ///< why the new state cannot be read
  };

  // For watchers:
  /// About `max` changes after `revision`. False where the ring does not reach back so far. `reached`: what
  /// the ring reaches.
  bool read_ring(int64_t revision, size_t max, std::vector<ChangePtr>& out, int64_t& reached) const;
  /// Changes after `revision` from the store's history and the revision up to which they are all, told on the
  /// lane.
  using HistoryRead = std::function<void(Result<std::pair<std::vector<ChangePtr>, int64_t>>)>;
  void read_history(int64_t revision, size_t max, Lane& lane, HistoryRead done);
  void count_initial(uint64_t n) { initial_.fetch_add(n, std::memory_order_relaxed); }

  void on_message(const store::WatchMessage& message);
  Step step_of(const store::Event& event, const std::vector<Step>& before) const;
  EntryPtr current(const std::string& key, const std::vector<Step>& before) const;
  EntryPtr make_entry(const store::KeyValue& kv, std::string& unreadable) const;
  EntryPtr decode_entry(const store::KeyValue& kv, std::string& unreadable) const;
  Result<std::pair<std::vector<ChangePtr>, int64_t>> past_changes(int64_t after, size_t max,
                                                                  Deadline deadline) const;
  Error too_old(int64_t revision) const;
  /// On `background`.
  void build_index(const IndexKey& key);
  void lose_feed(const Error& error);
  void load_again(int attempt);
  void try_again(int attempt);
  Result<void> load(Deadline deadline);
  int64_t progress() const MZ_REQUIRES(m_);
  std::vector<Waiter> take_satisfied() MZ_REQUIRES(m_);
  void poll_later();
  void poll_waiters();

  const api::ResourcePtr resource_;
  const Deps deps_;
  const std::string prefix_;
  const EntryHomePtr home_;

  std::atomic<uint64_t> received_ = 0, dispatched_ = 0, initial_ = 0, loads_ = 0;
  mutable Mutex m_;
  EntryTree tree_ MZ_GUARDED_BY(m_);
  ChangeRing ring_ MZ_GUARDED_BY(m_);
  SelectorIndexes indexes_ MZ_GUARDED_BY(m_);  ///< of what the tree holds
  bool building_index_ MZ_GUARDED_BY(m_) = false;
  /// Keys whose newest state cannot be read, with the reason. Only as many as the store holds.
  absl::flat_hash_map<std::string, std::string> unreadable_ MZ_GUARDED_BY(m_);
  Feed feed_ MZ_GUARDED_BY(m_) = Feed::None;
  std::optional<Error> ended_ MZ_GUARDED_BY(m_);  ///< why it stopped
  int64_t applied_ MZ_GUARDED_BY(m_) = 0;
  int64_t newest_change_ MZ_GUARDED_BY(m_) = 0;
  std::vector<Waiter> waiters_ MZ_GUARDED_BY(m_);
  bool polling_ MZ_GUARDED_BY(m_) = false;
  std::vector<std::shared_ptr<Roster>> rosters_ MZ_GUARDED_BY(m_);
  std::shared_ptr<store::Watch> watch_ MZ_GUARDED_BY(m_);

  /// Shared with the tokens that prepare() gives out: a write may end after the cache has.
  struct Prepared {
    Mutex m;
    absl::flat_hash_map<const std::string*, machinery::MutableObject> objects MZ_GUARDED_BY(m);
    std::optional<machinery::MutableObject> take(const store::Bytes& bytes);
  };
  const std::shared_ptr<Prepared> prepared_ = std::make_shared<Prepared>();
};

}  // namespace mizzen::apiserver
