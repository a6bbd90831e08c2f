#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "store/embedded/reader.h"
#include "store/embedded/recent_keys.h"
#include "store/local/evaluate.h"
#include "store/local/lease_table.h"

namespace mizzen::store {

/// Role: turns one group of transactions into one WriteBatch: decides each on what the ones before it leave,
/// gives out revisions, collects the events. Touches the engine only to read. Threading: confined to the
/// committing thread. Made for one group.
class GroupWriter final : private KeyView {
 public:
  struct Options {
    bool keep_prev = false;    ///< a watch wants to see what was there before
    bool refuse_puts = false;  ///< the disk is full
  };
  /// `recent`: what is known of keys before this group.
  GroupWriter(Engine& engine, RecentKeys& recent, const LeaseTable& leases, Revision current,
              Options options);

  /// Adds a validated transaction.
  Result<TxnResult> add(const Txn& txn);

  bool empty() const { return events_.empty(); }
  rocksdb::WriteBatch& batch() { return batch_; }
  Revision revision() const { return revision_; }
  const std::vector<Committed>& events() const { return events_; }
  /// Bytes that became history with this group.
  uint64_t superseded_bytes() const { return superseded_bytes_; }
  /// Tells the keys that were given what this group made of its own. After it was written.
  void remember() &&;

 private:
  struct Known {
    std::optional<KeyValue> kv;
    size_t bytes = 0;
    bool with_value = true;
  };
  Result<std::optional<KeyValue>> newest(const std::string& key, bool with_value) override;
  bool lease_exists(LeaseId lease) override { return leases_.exists(lease); }
  void write(const Committed& change, LeaseId prev_lease);

  Engine& engine_;
  RecentKeys& recent_;
  const LeaseTable& leases_;
  const Revision start_;
  const Options options_;
  Revision revision_;
  std::optional<Reader::Lookup> lookup_;
  std::unordered_map<std::string, Known> known_;
  rocksdb::WriteBatch batch_;
  std::vector<Committed> events_;
  uint64_t superseded_bytes_ = 0;
};

}  // namespace mizzen::store
