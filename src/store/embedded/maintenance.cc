// What the embedded store does besides serving: opening, leases, retention, recovery from a full disk.
#include <algorithm>

#include "store/contract/errors.h"
#include "store/embedded/impl.h"
#include "store/embedded/layout.h"
#include "telemetry/log.h"

namespace mizzen::store {
namespace {

constexpr Duration kSpaceRetry = std::chrono::seconds(1);
constexpr Duration kLeaseRetry = std::chrono::seconds(10);
/// Deletes of one ended lease waiting for their sync at a time.
constexpr size_t kLeaseDeletesMax = 512;

struct LeaseRecord {
  int64_t ttl_seconds = 0;
  int64_t end_wall_seconds = 0;
};

std::string encode(const LeaseRecord& record) {
  std::string out;
  layout::append_varint(out, static_cast<uint64_t>(record.ttl_seconds));
  layout::append_varint(out, static_cast<uint64_t>(record.end_wall_seconds));
  return out;
}

std::optional<LeaseRecord> decode_lease(std::string_view bytes) {
  const auto ttl = layout::take_varint(bytes);
  const auto end = layout::take_varint(bytes);
  if (!ttl || !end) return std::nullopt;
  return LeaseRecord{static_cast<int64_t>(*ttl), static_cast<int64_t>(*end)};
}

int64_t wall_seconds(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
}

rocksdb::ReadOptions ordered() {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  return options;
}

}  // namespace

Result<void> EmbeddedStore::Impl::start() {
  const auto marker = engine_->read(layout::kCompacted);
  const int64_t compacted = marker ? layout::parse_number(*marker).value_or(0) : 0;
  const std::unique_ptr<rocksdb::Iterator> it(engine_->db().NewIterator(ordered()));
  it->SeekForPrev(slice(std::string(1, layout::kRevision + 1)));
  if (!it->status().ok()) return error_of(it->status());
  int64_t newest = std::max<int64_t>(1, compacted);
  if (it->Valid()) {
    if (const auto revision = layout::parse_revision_key(view(it->key())))
      newest = std::max(newest, revision->get());
  }
  compacted_ = compacted;
  current_ = newest;
  hub_.start_at(Revision(newest));
  {
    Lock lock(maintain_m_);
    retention_.start_at(Revision(newest));
  }
  MZ_TRY(restore_leases());
  if (!dir_.restore_reserve(options_.free_bytes_min)) {
    log::warn("store", "the disk is nearly full: no room for the reserve", {});
  }
  if (options_.own_maintenance) thread_ = Thread("store-upkeep", [this] { run(); });
  return {};
}

Result<void> EmbeddedStore::Impl::restore_leases() {
  const Monotonic now = options_.clock.monotonic();
  const int64_t wall = wall_seconds(options_.clock);
  leases_.start_above(
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.clock.wall().time_since_epoch())
          .count());  // ids of a run before are not given out again
  const std::unique_ptr<rocksdb::Iterator> it(engine_->db().NewIterator(ordered()));
  for (it->Seek(slice(std::string(1, layout::kLease))); it->Valid(); it->Next()) {
    const auto id = layout::parse_lease_key(view(it->key()));
    if (!id) break;
    const auto record = decode_lease(view(it->value()));
    if (!record) return Error(Code::InternalError, "store: damaged data: malformed lease");
    const int64_t left = std::clamp<int64_t>(record->end_wall_seconds - wall, 0, record->ttl_seconds);
    leases_.restore(*id, now + std::chrono::seconds(left));
  }
  if (!it->status().ok()) return error_of(it->status());
  return {};
}

Result<LeaseId> EmbeddedStore::Impl::grant(std::chrono::seconds ttl) {
  if (full_) return space_exceeded();
  ttl = std::max(ttl, std::chrono::seconds(1));
  MZ_ASSIGN(const LeaseId id, leases_.add(options_.clock.monotonic() + ttl));
  rocksdb::WriteBatch batch;
  batch.Put(slice(layout::lease_key(id)), encode({ttl.count(), wall_seconds(options_.clock) + ttl.count()}));
  // No sync of its own: it stands before the keys put with it in the log, and their sync covers it.
  const Result<void> written = engine_->write(batch, false);
  if (!written.ok()) {
    leases_.erase(id);
    return written.error();
  }
  wake();
  return id;
}

Result<void> EmbeddedStore::Impl::revoke(LeaseId lease) {
  if (!leases_.begin_end(lease)) return lease_not_found();
  Result<void> deleted = delete_leased(lease);
  if (deleted.ok()) {
    rocksdb::WriteBatch batch;
    batch.Delete(slice(layout::lease_key(lease)));
    deleted = engine_->write(batch, false);
  }
  if (!deleted.ok()) {
    leases_.undo_end(lease, options_.clock.monotonic() + kLeaseRetry);
    return deleted;
  }
  leases_.erase(lease);
  return {};
}

Result<void> EmbeddedStore::Impl::delete_leased(LeaseId lease) {
  // Transactions that still saw the lease alive are through once an empty one is.
  MZ_TRY(commits_.run(Txn{}, Deadline::never()));
  const std::string prefix = layout::attached_prefix(lease);
  const std::unique_ptr<rocksdb::Iterator> it(engine_->db().NewIterator(ordered()));
  struct Pending {
    size_t open = 0;
    std::optional<Error> error;
  };
  Mutex m;
  CondVar changed;
  Pending pending;
  for (it->Seek(slice(prefix)); it->Valid() && view(it->key()).starts_with(prefix); it->Next()) {
    const std::string key(view(it->key()).substr(prefix.size()));
    {
      Lock lock(m);
      while (pending.open >= kLeaseDeletesMax) changed.wait(m);
      if (pending.error) break;
      ++pending.open;
    }
    commits_.submit(Txn{{Compare::lease_is(key, lease)}, {Op::del(key)}, {}}, Deadline::never(),
                    [&](Result<TxnResult> result) {
                      Lock lock(m);
                      --pending.open;
                      if (!result.ok()) pending.error = result.error();
                      changed.notify_all();
                    });
  }
  Lock lock(m);
  while (pending.open > 0) changed.wait(m);
  if (pending.error) return *pending.error;
  return {};
}

Monotonic EmbeddedStore::Impl::maintain() {
  Lock lock(maintain_m_);
  const Monotonic now = options_.clock.monotonic();
  expire_leases(now);
  if (full_) recover_space();
  retain(now);
  Monotonic next = retention_.next_due();
  if (const auto lease = leases_.next_due()) next = std::min(next, *lease);
  if (full_) next = std::min(next, now + kSpaceRetry);
  return next;
}

void EmbeddedStore::Impl::expire_leases(Monotonic now) {
  for (const LeaseId lease : leases_.due(now)) {
    const Result<void> ended = revoke(lease);
    if (!ended.ok() && ended.error().code() != Code::NotFound) {
      log::warn("store", "an expired lease could not be ended; trying again",
                {log::kv("lease", lease.get()), log::kv("reason", ended.error().message())});
    }
  }
}

void EmbeddedStore::Impl::retain(Monotonic now) {
  const uint64_t live = live_bytes();
  // Without room, history is given up as far as it may be.
  const uint64_t history = full_ ? UINT64_MAX : history_bytes_.load(std::memory_order_relaxed);
  const auto target = retention_.due(now, current(), compacted(), history, live);
  history_bytes_max_ = retention_.history_bytes_max(live);
  if (!target) return;
  const Result<void> done = compact(*target);
  if (!done.ok() && !is_compacted(done.error()) && !stopping_) {
    log::warn("store", "compaction failed; trying again later", {log::kv("reason", done.error().message())});
  }
}

void EmbeddedStore::Impl::recover_space() {
  if (stuck_) {
    // A flush that meets the full disk once more leaves RocksDB 7.8 waiting for ever (DBImpl::Resume waits in
    // WaitForFlushMemTables): it is not asked before there is room for all that it will write.
    if (dir_.free_bytes() < engine_->flush_bytes()) return;
    const Result<void> resumed = engine_->resume();
    if (!resumed.ok()) {
      log::warn("store", "the engine does not write yet; trying again",
                {log::kv("reason", resumed.error().message())});
      return;
    }
    stuck_ = false;
    log::info("store", "the engine writes again", {});
  }
  // Twice the bound, so that it does not swing.
  if (!dir_.restore_reserve(2 * options_.free_bytes_min)) return;
  full_ = false;
  log::info("store", "the disk has room again: puts are accepted", {});
}

void EmbeddedStore::Impl::wake() {
  Lock lock(wake_m_);
  wake_ = true;
  woken_.notify_all();
}

void EmbeddedStore::Impl::run() {
  while (!stopping_) {
    const Monotonic next = maintain();
    Lock lock(wake_m_);
    while (!wake_ && !stopping_) {
      if (!woken_.wait_until(wake_m_, Deadline::at(next, options_.clock))) break;
    }
    wake_ = false;
  }
}

}  // namespace mizzen::store
