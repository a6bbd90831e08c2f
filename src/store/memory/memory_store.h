#pragma once
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "async/executor.h"
#include "async/mutex.h"
#include "async/thread.h"
#include "store/contract/store.h"
#include "store/local/evaluate.h"
#include "store/local/lease_table.h"
#include "store/local/retention.h"
#include "store/local/watch_hub.h"

namespace mizzen::store {

/// Role: the whole store contract in memory, for tests and throw-away clusters. Nothing survives it.
/// Lifecycle: watches go before it. Leases end and history is forgotten in maintain(), called by a thread of
/// the store's own where Options::own_maintenance is set, else by whoever made it.
/// Threading: thread-safe. lock order: commit_m_, then m_. Executors given must run until the store is gone.
/// What it does not model: a disk that is slow or full, a restart.
class MemoryStore final : public Store, private History, private KeyView {
 public:
  struct Options {
    const Clock& clock;
    Executor* executor = nullptr;  ///< for submit() and watches that are behind; null: a thread of its own
    bool own_maintenance = false;  ///< true: a thread of its own calls maintain() when something is due
    RetentionOptions retention;
  };
  explicit MemoryStore(Options options);
  ~MemoryStore() override;

  Result<RangeResult> range(const RangeRequest& request, Deadline deadline) override;
  Result<TxnResult> txn(Txn txn, Deadline deadline) override;
  void submit(Txn txn, Deadline deadline, Done done) override;
  std::unique_ptr<Watch> watch(WatchRequest request, WatchSink sink) override;
  Result<LeaseId> grant(std::chrono::seconds ttl, Deadline deadline) override;
  Result<void> revoke(LeaseId lease, Deadline deadline) override;
  Result<void> compact(Revision revision, Deadline deadline) override;
  Result<Revision> current_revision(Deadline deadline) override;
  Result<void> health(Deadline deadline) override;
  Result<uint64_t> size_bytes(Deadline deadline) override;

  /// Ends the leases that are due and forgets history that has been kept long enough; says when there is
  /// something to do again.
  Monotonic maintain();

 private:
  struct Version {
    KeyValue kv;
    bool deleted = false;
  };
  struct Logged {
    std::string key;
    Revision revision;
    Revision prev_revision;
  };

  Result<Chunk> read_history(Revision from, const KeyRange& range, bool prev_kv) override;
  std::optional<KeyValue> at_revision(std::string_view key, Revision revision) override;
  Revision newest() const override;
  Result<std::optional<KeyValue>> newest(const std::string& key, bool with_value) override;
  bool lease_exists(LeaseId lease) override { return leases_.exists(lease); }

  void run_upkeep();
  void wake();
  Result<TxnResult> commit(const Txn& txn);
  void apply(const Evaluated& evaluated) MZ_REQUIRES(m_);
  Result<Event> event_of(const Logged& logged) const MZ_REQUIRES(m_);
  const Version* version_at(std::string_view key, Revision revision) const MZ_REQUIRES(m_);

  const Options options_;
  std::unique_ptr<ThreadPool> own_;
  std::unique_ptr<SerialQueue> submitted_;
  Mutex commit_m_;  ///< one commit at a time, up to the end of its dispatch
  mutable Mutex m_;
  std::map<std::string, std::vector<Version>, std::less<>> keys_ MZ_GUARDED_BY(m_);
  std::deque<Logged> log_ MZ_GUARDED_BY(m_);  ///< changes after compacted_, in order
  std::map<LeaseId, std::set<std::string>> lease_keys_ MZ_GUARDED_BY(m_);
  Revision current_ MZ_GUARDED_BY(m_){1};
  Revision compacted_ MZ_GUARDED_BY(m_){0};
  uint64_t bytes_ MZ_GUARDED_BY(m_) = 0;       ///< of all versions
  uint64_t live_bytes_ MZ_GUARDED_BY(m_) = 0;  ///< of the newest version of each key that is not deleted
  LeaseTable leases_;
  std::unique_ptr<WatchHub> hub_;
  Mutex maintain_m_;
  Retention retention_ MZ_GUARDED_BY(maintain_m_);
  Mutex wake_m_;
  CondVar woken_;
  bool wake_ MZ_GUARDED_BY(wake_m_) = false;
  bool stopping_ MZ_GUARDED_BY(wake_m_) = false;
  Thread upkeep_;
};

}  // namespace mizzen::store
