#pragma once
#include <memory>
#include <string>

#include "store/contract/store.h"
#include "store/local/retention.h"

namespace mizzen::store {

/// Role: the store when servers are several: an etcd cluster over gRPC, version 3 of its API (etcd 3.4 and
/// newer). Place: as EmbeddedStore. The etcd is the cluster's alone: all of its keys are watched. Watches:
/// one watch of everything feeds the local hub. As each revision changes some key, the feed has no holes, so
/// what has been handed over up to which revision is known exactly. Why so: etcd before 3.4.25 answers a
/// progress request ahead of events that are still on their way. The feed resumes where it broke off; where
/// that has been compacted meanwhile, watches end with Expired. Lifecycle: open() reaches etcd once; the
/// destructor cancels what is under way. Watches go before it. Threading: thread-safe. Calls block the
/// calling thread; submit() uses up to Options::calls_max threads, in any order. All who want the newest
/// revision share reads of it (RevisionReads). Failure: ServiceUnavailable
/// where etcd cannot be reached, at once; Timeout where it did not answer in time. Bounds:
/// Options::calls_max, Options::answer_bytes_max; submitted transactions waiting: kSubmittedMax.
class EtcdStore final : public Store {
 public:
  static constexpr size_t kSubmittedMax = 16'384;

  struct Options {
    const Clock& clock;
    std::string address;  ///< host:port
    std::string ca_file;  ///< with any of the three: TLS
    std::string certificate_file;
    std::string key_file;
    RetentionOptions retention;  ///< history is compacted as upstream's API server does
    size_t calls_max = 32;
    size_t answer_bytes_max = 64u << 20;  ///< of one answer; long ranges are read by pages (Pages)
  };

  /// ServiceUnavailable or Timeout where etcd does not answer until the deadline.
  static Result<std::unique_ptr<EtcdStore>> open(Options options, Deadline deadline);
  ~EtcdStore() override;

  Result<RangeResult> range(const RangeRequest& request, Deadline deadline) override;
  Result<TxnResult> txn(Txn txn, Deadline deadline) override;
  void submit(Txn txn, Deadline deadline, Done done) override;
  std::unique_ptr<Watch> watch(WatchRequest request, WatchSink sink) override;
  Result<LeaseId> grant(std::chrono::seconds ttl, Deadline deadline) override;
  Result<void> revoke(LeaseId lease, Deadline deadline) override;
  Result<void> compact(Revision revision, Deadline deadline) override;
  bool local() const override { return false; }
  Result<Revision> current_revision(Deadline deadline) override;
  void ask_revision(Deadline deadline, Told told) override;
  Result<void> health(Deadline deadline) override;
  Result<uint64_t> size_bytes(Deadline deadline) override;
  /// How many reads of the newest revision have been sent, for tests.
  uint64_t revision_reads() const;
  /// How often history has been read from etcd, for tests.
  uint64_t history_reads() const;

 private:
  class Impl;
  explicit EtcdStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mizzen::store
