#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "async/executor.h"
#include "async/mutex.h"
#include "store/contract/store.h"

namespace mizzen::store {

/// An event as a local store makes it, with what is needed to fill in `prev` later.
struct Committed {
  Event event;             ///< prev filled in where that was cheap
  Revision prev_revision;  ///< of the put this one replaced or deleted; 0: none
};

/// Marks the calling thread as running somebody's callback, from which blocking commits are forbidden.
class SinkScope {
 public:
  SinkScope();
  ~SinkScope();
  SinkScope(const SinkScope&) = delete;
  SinkScope& operator=(const SinkScope&) = delete;
};

/// Past events, read by watches that begin in the past or missed the start.
class History {
 public:
  /// Events of whole revisions, in order; everything of the range up to `through` is in it.
  struct Chunk {
    std::vector<Committed> events;
    Revision through;
  };
  virtual ~History() = default;
  /// Events of the range from revision `from` on, about events_max or bytes_max of them at most (but at least
  /// one revision). `through` is at least `from` where that revision exists; where nothing newer exists it is
  /// the newest revision. Expired where `from` has been compacted. Threading: thread-safe.
  virtual Result<Chunk> read_history(Revision from, const KeyRange& range, bool prev_kv) = 0;
  /// The value of `key` as put at `revision`; nothing where compacted.
  virtual std::optional<KeyValue> at_revision(std::string_view key, Revision revision) = 0;
  /// The newest revision that reads see.
  virtual Revision newest() const = 0;
};

/// Role: the watches of one local store: hands committed events to those that are up to date, and lets the
/// others catch up from history on an executor before they join. Threading: thread-safe; dispatch() is called
/// by one committing thread at a time, in revision order, after the events can be read. Sinks run without the
/// hub's lock held; each watch has a lock of its own that makes its messages come one at a time. Invariants:
/// I1 a live watch has been handed everything up to delivered(). I2 a watch goes live only under m_ and only
/// once its next revision is newer than any dispatched. Bounds: kWatchesMax.
class WatchHub {
 public:
  WatchHub(Executor& catch_up, History& history, Revision newest);
  ~WatchHub();

  /// Where the store stands, once known; before the first watch.
  void start_at(Revision newest);
  std::unique_ptr<Watch> add(WatchRequest request, WatchSink sink);
  void dispatch(Revision through, std::span<const Committed> events);
  /// Ends the watches there are and goes on at `newest`: events before it were missed.
  void restart(Revision newest, const Error& error);
  /// Ends every watch; later ones end at once.
  void end_all(const Error& error);
  /// True where at least one watch wants to see what was there before.
  bool prev_wanted() const { return prev_wanted_.load(std::memory_order_relaxed) > 0; }
  /// Aborts where the calling thread is inside a SinkScope: a blocking commit there could wait for itself.
  static void forbid_in_sink(const char* call);

 private:
  class Watcher;
  class Handle;
  friend class Watcher;

  std::vector<std::shared_ptr<Watcher>> take_all() MZ_REQUIRES(m_);
  void start_catch_up(std::shared_ptr<Watcher> watcher);
  void catch_up(const std::shared_ptr<Watcher>& watcher);
  /// True where it joined the live ones.
  bool try_go_live(const std::shared_ptr<Watcher>& watcher);
  void remove(const std::shared_ptr<Watcher>& watcher);
  void request_progress(const std::shared_ptr<Watcher>& watcher);

  Executor& executor_;
  History& history_;
  std::atomic<int64_t> delivered_;
  std::atomic<int> prev_wanted_{0};
  std::atomic<bool> progress_asked_{false};  ///< some live watcher asked
  Mutex m_;
  using List = std::vector<std::shared_ptr<Watcher>>;
  /// Those that are up to date. Most watch a folder (a prefix that ends in '/'), and are found by it, so that
  /// an event costs what its own watchers cost, however many others there are.
  struct Live {
    List all;
    List elsewhere;  ///< whose range is no folder
    absl::flat_hash_map<std::string, List> by_folder;

    void add(const std::shared_ptr<Watcher>& watcher);
    void remove(const std::shared_ptr<Watcher>& watcher);
  };
  void pick(const Live& live, std::span<const Committed> events);
  std::shared_ptr<const Live> live_ MZ_GUARDED_BY(m_);
  /// Who wants which event of a commit; only the committing thread uses it.
  std::vector<std::pair<std::shared_ptr<Watcher>, const Committed*>> picked_;
  std::atomic<uint64_t> last_number_{0};  ///< of a watcher
  List catching_up_ MZ_GUARDED_BY(m_);
  Revision dispatched_ MZ_GUARDED_BY(m_);
  std::optional<Error> ended_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::store
