#pragma once
#include <atomic>

#include "async/executor.h"
#include "async/thread.h"
#include "store/embedded/collector.h"
#include "store/embedded/data_dir.h"
#include "store/embedded/embedded_store.h"
#include "store/embedded/engine.h"
#include "store/embedded/group_commit.h"
#include "store/embedded/reader.h"
#include "store/embedded/recent_keys.h"
#include "store/local/lease_table.h"
#include "store/local/watch_hub.h"

namespace mizzen::store {

/// Role: the parts of an EmbeddedStore and the state they share.
/// Threading: atomics are published by the committing thread; the rest as marked.
/// Invariants: I1 current_ is set after the group's sync, before watches are told. I2 compacted_ is set
/// before anything up to it is erased, so a reader that made its iterator and then finds its revision not
/// compacted sees all.
class EmbeddedStore::Impl final : public History {
 public:
  Impl(Options options, DataDir dir, std::unique_ptr<Engine> engine);
  ~Impl() override;

  /// Reads markers and leases, starts the thread.
  Result<void> start();

  Revision current() const { return Revision(current_.load(std::memory_order_acquire)); }
  Revision compacted() const { return Revision(compacted_.load(std::memory_order_acquire)); }
  Result<RangeResult> range(const RangeRequest& request);
  Result<GetResult> get(std::string_view key);
  Result<LeaseId> grant(std::chrono::seconds ttl);
  Result<void> revoke(LeaseId lease);
  Result<void> compact(Revision revision);
  Result<void> health();
  Monotonic maintain();

  Result<Chunk> read_history(Revision from, const KeyRange& range, bool prev_kv) override;
  std::optional<KeyValue> at_revision(std::string_view key, Revision revision) override;
  Revision newest() const override { return current(); }

  GroupCommit& commits() { return commits_; }
  WatchHub& hub() { return hub_; }
  Engine& engine() { return *engine_; }
  uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }

 private:
  void commit(GroupCommit::Group group);
  void write_failed(const Error& error);
  /// Refuses puts from now on where the disk has little room left.
  void check_space();
  Result<void> delete_leased(LeaseId lease);
  Result<void> restore_leases();
  void expire_leases(Monotonic now);
  void retain(Monotonic now) MZ_REQUIRES(maintain_m_);
  void recover_space();
  uint64_t live_bytes();
  void wake();
  void run();

  const Options options_;
  DataDir dir_;
  std::unique_ptr<Engine> engine_;
  Reader reader_;
  Collector collector_;
  LeaseTable leases_;
  RecentKeys recent_;  ///< of the committing thread
  std::atomic<int64_t> current_{1};
  std::atomic<int64_t> compacted_{0};
  std::atomic<uint64_t> history_bytes_{0};
  std::atomic<uint64_t> history_bytes_max_;
  std::atomic<uint64_t> syncs_{0};
  std::atomic<bool> full_{false};   ///< the disk is full, or nearly: no puts
  std::atomic<bool> stuck_{false};  ///< the engine hit the end of the disk and must be resumed
  std::atomic<bool> stopping_{false};
  Guarded<std::optional<Error>> broken_;  ///< a write failed for good
  ThreadPool rewrites_;                   ///< whole-store compactions
  ThreadPool committer_;
  ThreadPool catch_up_;
  WatchHub hub_;
  GroupCommit commits_;
  Mutex compact_m_;                                           ///< one compaction at a time
  uint64_t uncompacted_bytes_ MZ_GUARDED_BY(compact_m_) = 0;  ///< erased, but still on disk
  Mutex maintain_m_;
  Retention retention_ MZ_GUARDED_BY(maintain_m_);
  Mutex wake_m_;
  CondVar woken_;
  bool wake_ MZ_GUARDED_BY(wake_m_) = false;
  Thread thread_;
};

}  // namespace mizzen::store
