#pragma once
#include <deque>
#include <memory>
#include <optional>

#include "apiserver/cache/change.h"
#include "apiserver/cache/page.h"
#include "base/result.h"

namespace mizzen::apiserver {

class ResourceCache;
class Roster;

/// How a watch starts.
struct WatchStart {
  std::optional<int64_t> from;  ///< changes after this revision; nothing: all that is there, as Added, first
  bool bookmarks = false;
  bool initial_end_bookmark = false;
};

/// Role: what a watcher does with what it is told. Calls come on the watcher's lane, in order. Each takes
/// what it is given; `false` says that it wants no more until it has called Subscription::resume().
class WatcherSink {
 public:
  virtual ~WatcherSink() = default;
  virtual bool on_object(const EntryPtr& entry) = 0;
  virtual bool on_change(const ChangePtr& change, ChangeType as) = 0;
  virtual bool on_bookmark(int64_t revision, bool initial_end) = 0;
  /// The last call. Expired: list again.
  virtual void on_end(const Error& error) = 0;
  /// The last call where the resource is served no more, or the server stops: upstream's streams just end.
  virtual void on_stop(const Error& why) { on_end(why); }
  /// Nothing more comes for now: what was gathered may go out.
  virtual void flush() {}
};

/// Role: one watcher's place in a cache. It first walks a snapshot, or reads from the store's history and the
/// cache's ring what came after its revision; once it has everything it follows live. A watcher that takes
/// its time falls back to reading the ring, and from there to the store's history, so that a slow one costs
/// no memory: what waits for it is its position. Threading: confined to its lane. Invariants: I1 every change
/// of its selection after its start comes once, in order, or it ends with Expired. I2 objects come before the
/// first change. Bounds: kPendingMax changes wait live (or one revision, where that is more); one chunk of
/// kChunk from ring or history; a turn hands over kTurn items, then others have theirs.
class Subscription : public std::enable_shared_from_this<Subscription> {
 public:
  static constexpr size_t kPendingMax = 32;
  static constexpr size_t kChunk = 256;
  static constexpr size_t kTurn = 64;

  Subscription(ResourceCache& cache, std::shared_ptr<Roster> roster, Filter filter, WatchStart start,
               std::shared_ptr<WatcherSink> sink);

  ~Subscription();

  /// Goes on handing over; also how it begins.
  void resume();
  /// Nothing more comes. Idempotent.
  void close();

  const Filter& filter() const { return filter_; }
  bool closed() const { return stage_ == Stage::Closed; }
  /// For its Roster: a change of the resource, in order; those it does not select are ignored.
  void on_live(const ChangePtr& change);
  void on_bookmark(int64_t revision);
  /// The roster lost its place in the ring after `told`: whoever followed goes on by himself.
  void on_gap(int64_t told);
  void end(const Error& error);
  void stop(const Error& why);

 private:
  enum class Stage : uint8_t { Objects, Behind, Reading, Live, Closed };

  /// One item; false where there is nothing to hand over now.
  bool step();
  void begin_objects();
  bool step_objects();
  bool step_behind();
  void read_history();
  void on_history(Result<std::pair<std::vector<ChangePtr>, int64_t>> chunk);
  /// As what the watcher is told of it; nothing where it is none of his.
  std::optional<ChangeType> as_told(const Change& change) const;
  void hand_over(const ChangePtr& change);
  void fall_behind();
  void took(bool more) { full_ = !more; }

  ResourceCache& cache_;
  const std::shared_ptr<Roster> roster_;
  const Filter filter_;
  const std::shared_ptr<WatcherSink> sink_;
  Stage stage_ = Stage::Behind;
  bool bookmarks_;
  bool initial_end_bookmark_;
  bool full_ = false;
  bool scheduled_ = false;  ///< a turn is posted
  /// Changes up to here have been handed over, or are none of his. Stands still while it follows live.
  int64_t position_ = 0;
  struct Walk;
  std::unique_ptr<Walk> walk_;     ///< Objects
  std::deque<ChangePtr> waiting_;  ///< Behind: a chunk that was read; Live: what came while it was full
  int64_t chunk_end_ = 0;          ///< Behind: the revision that the chunk reaches
};

}  // namespace mizzen::apiserver
