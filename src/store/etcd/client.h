#pragma once
#include <atomic>
#include <functional>
#include <memory>

#include "rpc/typed.h"
#include "store/etcd/convert.h"
#include "store/local/watch_hub.h"

namespace mizzen::store::etcd {

/// Role: etcd's calls with the contract's types, and the newest revision any answer has told.
/// Threading: thread-safe.
class Client {
 public:
  explicit Client(std::unique_ptr<rpc::Channel> channel) : channel_(std::move(channel)) {}

  Revision newest() const { return Revision(newest_.load(std::memory_order_acquire)); }
  Result<RangeResult> range(const store::RangeRequest& request, Deadline deadline,
                            bool wait_for_ready = false);
  Result<TxnResult> txn(const Txn& txn, Deadline deadline);
  Result<LeaseId> grant(int64_t ttl_seconds, Deadline deadline);
  Result<void> revoke(LeaseId lease, Deadline deadline);
  Result<void> compact(Revision revision, Deadline deadline);
  /// A read through the cluster's majority: at least as new as anything acknowledged before the call.
  Result<Revision> current_revision(Deadline deadline, bool wait_for_ready = false);
  Result<uint64_t> size_bytes(Deadline deadline);

  /// Hands over batches of all keys' events from `from` on: whole revisions, in order, without a hole, each
  /// with its prev. Ends when `take` says false or `stop` stops (Ok), with Expired where `from` is compacted,
  /// or with the loss of the connection. The first batch is empty: the watch stands. Blocks.
  using Take = std::function<bool(Revision through, std::vector<Committed> events)>;
  Result<void> follow(Revision from, const StopToken& stop, const Take& take);

 private:
  template <typename Request, typename Response>
  Result<Response> call(rpc::Method<Request, Response> method, const Request& request, Deadline deadline,
                        bool wait_for_ready = false);
  void saw(int64_t revision);

  const std::unique_ptr<rpc::Channel> channel_;
  std::atomic<int64_t> newest_{0};
};

}  // namespace mizzen::store::etcd
