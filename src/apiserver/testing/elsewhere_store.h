#pragma once
#include <string>
#include <utility>
#include <vector>

#include "async/mutex.h"
#include "http/loop/loop.h"
#include "store/contract/store.h"

namespace mizzen::apiserver::testing {

/// Role: a store in this process that passes for one elsewhere, as etcd is, and notes who asks it on an event
/// loop, which has no time for the answer. Threading: thread-safe.
class ElsewhereStore final : public store::Store {
 public:
  explicit ElsewhereStore(store::Store& inner) : inner_(inner) {}

  /// The calls that would have blocked a loop.
  std::vector<std::string> on_loops() const {
    return on_loops_.with([](const auto& calls) { return calls; });
  }

  Result<store::RangeResult> range(const store::RangeRequest& request, Deadline deadline) override {
    note("range");
    return inner_.range(request, deadline);
  }
  Result<store::TxnResult> txn(store::Txn txn, Deadline deadline) override {
    note("txn");
    return inner_.txn(std::move(txn), deadline);
  }
  void submit(store::Txn txn, Deadline deadline, Done done) override {
    inner_.submit(std::move(txn), deadline, std::move(done));
  }
  std::unique_ptr<store::Watch> watch(store::WatchRequest request, store::WatchSink sink) override {
    return inner_.watch(std::move(request), std::move(sink));
  }
  Result<store::LeaseId> grant(std::chrono::seconds ttl, Deadline deadline) override {
    note("grant");
    return inner_.grant(ttl, deadline);
  }
  Result<void> revoke(store::LeaseId lease, Deadline deadline) override {
    note("revoke");
    return inner_.revoke(lease, deadline);
  }
  Result<void> compact(store::Revision revision, Deadline deadline) override {
    note("compact");
    return inner_.compact(revision, deadline);
  }
  bool local() const override { return false; }
  Result<store::Revision> current_revision(Deadline deadline) override {
    note("current_revision");
    return inner_.current_revision(deadline);
  }
  void ask_revision(Deadline deadline, Told told) override { inner_.ask_revision(deadline, std::move(told)); }
  Result<void> health(Deadline deadline) override {
    note("health");
    return inner_.health(deadline);
  }
  Result<uint64_t> size_bytes(Deadline deadline) override {
    note("size_bytes");
    return inner_.size_bytes(deadline);
  }

 private:
  void note(const char* call) {
    if (http::Loop::current()) on_loops_.with([&](auto& calls) { calls.emplace_back(call); });
  }

  store::Store& inner_;
  Guarded<std::vector<std::string>> on_loops_;
};

}  // namespace mizzen::apiserver::testing
