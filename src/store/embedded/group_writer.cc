#include "store/embedded/group_writer.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "store/contract/errors.h"
#include "store/embedded/layout.h"

namespace mizzen::store {

GroupWriter::GroupWriter(Engine& engine, RecentKeys& recent, const LeaseTable& leases, Revision current,
                         Options options)
    : engine_(engine),
      recent_(recent),
      leases_(leases),
      start_(current),
      options_(options),
      revision_(current) {}

Result<std::optional<KeyValue>> GroupWriter::newest(const std::string& key, bool with_value) {
  const auto known = known_.find(key);
  if (known != known_.end() && (known->second.with_value || !with_value)) return known->second.kv;
  if (const RecentKeys::State* const recent = with_value ? nullptr : recent_.find(key)) {
    known_[key] = {recent->kv, recent->bytes, false};
    return known_[key].kv;
  }
  if (!lookup_) lookup_.emplace(engine_);
  MZ_ASSIGN(auto found, lookup_->newest(key, start_, with_value));
  Known& entry = known_[key];
  entry = {};
  if (found) entry = {std::move(found->kv), found->bytes, with_value};
  return entry.kv;
}

Result<TxnResult> GroupWriter::add(const Txn& txn) {
  const Revision next(revision_.get() + 1);
  MZ_ASSIGN(Evaluated evaluated, evaluate(txn, *this, next, options_.keep_prev));
  if (evaluated.changes.empty()) return std::move(evaluated.result);
  const auto is_put = [](const Committed& change) { return change.event.type == Event::Type::Put; };
  if (options_.refuse_puts && std::any_of(evaluated.changes.begin(), evaluated.changes.end(), is_put)) {
    return space_exceeded();
  }
  revision_ = next;
  std::string changes;
  for (size_t i = 0; i < evaluated.changes.size(); ++i) {
    Committed& change = evaluated.changes[i];
    layout::append_change(changes, {!is_put(change), change.prev_revision.get(), change.event.kv.key});
    write(change, evaluated.prev_leases[i]);
    events_.push_back(std::move(change));
  }
  batch_.Put(slice(layout::revision_key(next)), changes);
  return std::move(evaluated.result);
}

void GroupWriter::remember() && {
  for (auto& [key, known] : known_) {
    if (!known.kv) {
      recent_.erase(key);
      continue;
    }
    known.kv->value = nullptr;
    recent_.put(key, {std::move(*known.kv), known.bytes});
  }
  known_.clear();
}

void GroupWriter::write(const Committed& change, LeaseId prev_lease) {
  const KeyValue& kv = change.event.kv;
  MZ_CHECK(kv.mod_revision == revision_, "a change of revision {} in the transaction of {}",
           kv.mod_revision.get(), revision_.get());
  MZ_CHECK(change.prev_revision < revision_, "revision {} replaces {}", revision_.get(),
           change.prev_revision.get());
  const bool deleted = change.event.type == Event::Type::Delete;
  const std::string place = layout::record_key(kv.key, kv.mod_revision);
  const std::string head =
      layout::record_head({deleted, kv.create_revision.get(), kv.version, kv.lease.get(), {}});
  const rocksdb::Slice place_slice(place);
  const std::array<rocksdb::Slice, 2> parts{slice(head), slice(view(kv.value))};
  batch_.Put(rocksdb::SliceParts(&place_slice, 1), rocksdb::SliceParts(parts.data(), parts.size()));
  if (prev_lease != kv.lease) {
    if (prev_lease.get() != 0) batch_.Delete(slice(layout::attached_key(prev_lease, kv.key)));
    if (kv.lease.get() != 0) batch_.Put(slice(layout::attached_key(kv.lease, kv.key)), rocksdb::Slice());
  }
  Known& entry = known_[kv.key];  // evaluate looked the key up, so what it replaces is known
  if (change.prev_revision.get() > 0) superseded_bytes_ += place.size() + entry.bytes;
  if (deleted) superseded_bytes_ += place.size();
  entry = deleted ? Known{} : Known{kv, view(kv.value).size(), true};
}

}  // namespace mizzen::store
