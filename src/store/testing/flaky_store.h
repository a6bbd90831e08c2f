#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "async/mutex.h"
#include "store/contract/store.h"

namespace mizzen::store {

/// Role: a store whose feed and reads can be made to fail, in front of one that works: what a server sees of
/// an etcd that is restarted or cut off. Threading: thread-safe.
class FlakyStore final : public Store {
 public:
  explicit FlakyStore(Store& inner) : inner_(inner) {}

  /// Ends every watch that is open; none gets events any more, not even those committed before.
  void lose_feed(const Error& error);
  /// While set, range and watch fail: the store is away.
  void set_away(bool away);
  size_t ranges_refused() const;
  /// Called before each range is read, by whoever reads: what happens meanwhile, or why it fails.
  using BeforeRange = std::function<Result<void>(const RangeRequest&)>;
  void before_range(BeforeRange f);

  Result<RangeResult> range(const RangeRequest& request, Deadline deadline) override;
  Result<TxnResult> txn(Txn txn, Deadline deadline) override { return inner_.txn(std::move(txn), deadline); }
  void submit(Txn txn, Deadline deadline, Done done) override {
    inner_.submit(std::move(txn), deadline, std::move(done));
  }
  std::unique_ptr<Watch> watch(WatchRequest request, WatchSink sink) override;
  Result<LeaseId> grant(std::chrono::seconds ttl, Deadline deadline) override {
    return inner_.grant(ttl, deadline);
  }
  Result<void> revoke(LeaseId lease, Deadline deadline) override { return inner_.revoke(lease, deadline); }
  Result<void> compact(Revision revision, Deadline deadline) override {
    return inner_.compact(revision, deadline);
  }
  Result<Revision> current_revision(Deadline deadline) override { return inner_.current_revision(deadline); }
  Result<void> health(Deadline deadline) override { return inner_.health(deadline); }
  Result<uint64_t> size_bytes(Deadline deadline) override { return inner_.size_bytes(deadline); }

 private:
  struct Tap;
  class Handle;
  Store& inner_;
  mutable Mutex m_;
  bool away_ MZ_GUARDED_BY(m_) = false;
  size_t refused_ MZ_GUARDED_BY(m_) = 0;
  BeforeRange before_range_ MZ_GUARDED_BY(m_);
  std::vector<std::weak_ptr<Tap>> taps_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::store
