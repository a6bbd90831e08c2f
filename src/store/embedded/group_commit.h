#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "async/executor.h"
#include "async/mutex.h"
#include "store/contract/store.h"

namespace mizzen::store {

/// Role: the queue in front of the disk. Whoever finds no leader becomes it: takes all that waits, commits it
/// as one group, and hands the lead to the next waiting caller. Transactions nobody waits for are led by an
/// executor. Why so: a lone writer needs no hand-over to another thread, and many writers share one sync.
/// Threading: thread-safe. `commit` is called by one thread at a time, groups in order of arrival.
/// Bounds: Options::queue_max waiting transactions (TooManyRequests beyond); a group ends at the first of
/// Options::group_txns_max and group_bytes_max.
class GroupCommit {
 public:
  /// One waiting transaction; the commit function fills in result.
  struct Item {
    Txn txn;
    Deadline deadline = Deadline::never();
    size_t bytes = 0;
    Store::Done done;  ///< null: a caller waits
    Result<TxnResult> result{TxnResult{}};

   private:
    friend class GroupCommit;
    enum class State : uint8_t { Queued, Leading, Finished };
    Mutex m;
    CondVar changed;
    State state MZ_GUARDED_BY(m) = State::Queued;
  };
  using Group = std::span<const std::shared_ptr<Item>>;
  struct Options {
    size_t queue_max = 16'384;
    size_t group_txns_max = 1024;
    size_t group_bytes_max = 8u << 20;
  };

  GroupCommit(Executor& executor, std::function<void(Group)> commit, Options options);

  Result<TxnResult> run(Txn txn, Deadline deadline);
  void submit(Txn txn, Deadline deadline, Store::Done done);
  /// Refuses new transactions and returns when those queued are done.
  void stop();

 private:
  using ItemPtr = std::shared_ptr<Item>;

  /// Queues; true where the caller now leads. The error where it was refused.
  Result<bool> enqueue(const ItemPtr& item);
  Result<TxnResult> wait(const ItemPtr& item);
  /// Commits groups until `own` is done and hands the lead on; without own: until the queue is empty.
  void lead(const ItemPtr& own);
  std::vector<ItemPtr> take_group();
  void finish(Item& item);
  /// True where the queue was empty: nobody leads now.
  bool end_lead();
  /// Ends the lead or gives it to somebody else; false where the caller must go on.
  bool hand_over();

  Executor& executor_;
  const std::function<void(Group)> commit_;
  const Options options_;
  Mutex m_;
  CondVar idle_;
  std::deque<ItemPtr> queue_ MZ_GUARDED_BY(m_);
  bool leading_ MZ_GUARDED_BY(m_) = false;
  bool stopping_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::store
