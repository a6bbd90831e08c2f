#pragma once
#include <atomic>
#include <functional>
#include <vector>

#include "async/mutex.h"
#include "store/local/watch_hub.h"

namespace mizzen::store::etcd {

/// Role: past events for watches that resume: what etcd tells of all keys is read once and kept for a while,
/// so that the thousands of watches that come back when a server has started again do not each read the same
/// history. Place: between the hub's History and etcd. Threading: thread-safe; one reads from etcd while the
/// others wait. Truth: history does not change; what has been compacted meanwhile may still be told until
/// forget(). Failure: Expired where it begins before what etcd remembers. Bounds: kEventsMax and kBytesMax,
/// or one revision; kChunkEventsMax in one answer, whole revisions always.
class Backlog {
 public:
  static constexpr size_t kEventsMax = 20'000;
  static constexpr size_t kBytesMax = 32u << 20;
  static constexpr size_t kChunkEventsMax = 1000;
  /// How much earlier than asked it begins to read: others who come back were not told quite as much.
  static constexpr int64_t kEarlier = 1000;

  /// Reads all keys' events from a revision on, in whole revisions, until `take` says false. Blocks.
  using Take = std::function<bool(Revision through, std::vector<Committed> events)>;
  using Follow = std::function<Result<void>(Revision from, const Take& take)>;
  explicit Backlog(Follow follow) : follow_(std::move(follow)) {}

  /// The range's events from `from` on; `through` is `target` at most. Requires from <= target.
  Result<History::Chunk> read(Revision from, const KeyRange& range, Revision target);
  void forget();
  /// How often etcd has been read, for tests.
  uint64_t reads() const { return reads_.load(std::memory_order_relaxed); }

 private:
  /// All keys' events from one revision through another.
  struct Kept {
    std::vector<Committed> events;
    Revision first{1};
    Revision through;  ///< before `first`: nothing
    size_t bytes = 0;

    bool full() const { return events.size() >= kEventsMax || bytes >= kBytesMax; }
    bool reaches(Revision r) const { return first <= r && r <= through; }
  };
  Result<void> fill(Revision from, Revision target) MZ_REQUIRES(m_);
  Result<void> follow(Kept& kept, Revision wanted, Revision target);

  const Follow follow_;
  std::atomic<uint64_t> reads_ = 0;
  Mutex m_;
  Kept kept_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::store::etcd
