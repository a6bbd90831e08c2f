#pragma once
#include <functional>
#include <memory>
#include <string>

#include "store/contract/store.h"
#include "store/embedded/disk.h"
#include "store/embedded/group_commit.h"
#include "store/local/retention.h"

namespace mizzen::store {

/// Role: the durable store of a single server: etcd's semantics on RocksDB, in the process, without a server
/// to start. Place: made by the API server's component at start, one per data folder. Truth: authoritative.
/// After a crash at any instant it opens with a prefix of history that holds every acknowledged transaction.
/// Lifecycle: open() checks and reads what it needs (no scan of the data) and starts one thread for what
/// comes due; the destructor finishes queued commits. Watches go before it. Threading: thread-safe. Commits
/// run on calling threads (one leads at a time) or, for submit(), on a thread that ends when idle. Sinks run
/// there too, or on the catch-up thread. Failure: with little room on the disk puts get ServiceUnavailable
/// while reads, watches and deletes go on; it recovers by itself. Where others fill the disk to the last byte
/// deletes may be refused too, until the reserve or new room lets the engine go on. Any other write error is
/// final: writes fail until a restart, so that nothing rests on a failed sync. Bounds: history as
/// RetentionOptions; GroupCommit::Options; two memtables and one cache.
class EmbeddedStore final : public Store {
 public:
  struct Options {
    const Clock& clock;
    std::string path;
    std::shared_ptr<Disk> disk = system_disk();
    RetentionOptions retention;
    GroupCommit::Options commits;
    size_t memtable_bytes = 16u << 20;
    size_t cache_bytes = 32u << 20;
    uint64_t reserve_bytes = 32u << 20;   ///< kept on disk, to go on with when others have filled it
    uint64_t free_bytes_min = 64u << 20;  ///< with less free on the disk puts are refused
    bool own_maintenance = true;          ///< false: no thread for what comes due; call maintain()
    std::function<void()>
        before_rewrite;  ///< for tests: called before all files are rewritten, which takes long
  };

  /// Conflict where another process (or another store in this one) has the folder, Invalid where it is of
  /// another format.
  static Result<std::unique_ptr<EmbeddedStore>> open(Options options);
  ~EmbeddedStore() override;

  Result<RangeResult> range(const RangeRequest& request, Deadline deadline) override;
  Result<GetResult> get(std::string_view key, Deadline deadline) override;
  Result<TxnResult> txn(Txn txn, Deadline deadline) override;
  void submit(Txn txn, Deadline deadline, Done done) override;
  std::unique_ptr<Watch> watch(WatchRequest request, WatchSink sink) override;
  Result<LeaseId> grant(std::chrono::seconds ttl, Deadline deadline) override;
  Result<void> revoke(LeaseId lease, Deadline deadline) override;
  /// Returns when the history is erased, too.
  Result<void> compact(Revision revision, Deadline deadline) override;
  Result<Revision> current_revision(Deadline deadline) override;
  Result<void> health(Deadline deadline) override;
  Result<uint64_t> size_bytes(Deadline deadline) override;

  /// Does what is due by the clock (leases, retention, a disk with space again); returns when to call next.
  Monotonic maintain();
  /// Syncs so far; for metrics and benchmarks.
  uint64_t syncs() const;

 private:
  class Impl;
  explicit EmbeddedStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mizzen::store
