#include "store/memory/memory_store.h"

#include <algorithm>

#include "base/check.h"
#include "store/contract/errors.h"
#include "store/local/validate.h"

namespace mizzen::store {
namespace {

/// Events of one History chunk; watches that are behind take several.
constexpr size_t kChunkEventsMax = 1000;

}  // namespace

MemoryStore::MemoryStore(Options options)
    : options_(options), retention_(options.retention, options.clock.monotonic(), Revision(1)) {
  if (!options.executor) {
    own_ = std::make_unique<ThreadPool>(options_.clock,
                                        ThreadPool::Options{.name = "store-memory", .threads_max = 2});
  }
  Executor& executor = options.executor ? *options.executor : *own_;
  submitted_ = std::make_unique<SerialQueue>(executor);
  History& history = *this;
  hub_ = std::make_unique<WatchHub>(executor, history, Revision(1));
  if (options_.own_maintenance) upkeep_ = Thread("store-upkeep", [this] { run_upkeep(); });
}

MemoryStore::~MemoryStore() {
  {
    Lock lock(wake_m_);
    stopping_ = true;
    woken_.notify_all();
  }
  upkeep_.join();
  hub_->end_all(stopped());
  if (own_) own_->stop();
}

const MemoryStore::Version* MemoryStore::version_at(std::string_view key, Revision revision) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return nullptr;
  const std::vector<Version>& versions = found->second;
  auto after = std::upper_bound(versions.begin(), versions.end(), revision,
                                [](Revision r, const Version& v) { return r < v.kv.mod_revision; });
  return after == versions.begin() ? nullptr : &*std::prev(after);
}

Result<RangeResult> MemoryStore::range(const RangeRequest& request, Deadline) {
  if (request.range.from.empty()) return key_not_provided();
  Lock lock(m_);
  if (request.revision > current_) return future_revision();
  if (request.revision.get() > 0 && request.revision < compacted_) return compacted();
  const Revision at = request.revision.get() > 0 ? request.revision : current_;
  RangeResult result;
  result.revision = current_;
  for (auto it = keys_.lower_bound(request.range.from); it != keys_.end(); ++it) {
    if (!request.range.contains(it->first)) break;
    const Version* version = version_at(it->first, at);
    if (!version || version->deleted) continue;
    ++result.count;
    if (request.count_only) continue;
    if (request.limit > 0 && static_cast<int64_t>(result.kvs.size()) >= request.limit) {
      result.more = true;
      if (!request.count_rest) break;
      continue;
    }
    result.kvs.push_back(version->kv);
    if (request.keys_only) result.kvs.back().value = nullptr;
  }
  return result;
}

Result<std::optional<KeyValue>> MemoryStore::newest(const std::string& key, bool) {
  Lock lock(m_);
  const Version* version = version_at(key, current_);
  if (!version || version->deleted) return std::optional<KeyValue>();
  return std::optional<KeyValue>(version->kv);
}

Revision MemoryStore::newest() const {
  Lock lock(m_);
  return current_;
}

Result<TxnResult> MemoryStore::commit(const Txn& txn) {
  MZ_TRY(validate(txn));
  Lock commit(commit_m_);
  const Revision next(newest().get() + 1);
  MZ_ASSIGN(Evaluated evaluated, evaluate(txn, *this, next, true));
  if (!evaluated.changes.empty()) {
    {
      Lock lock(m_);
      apply(evaluated);
    }
    hub_->dispatch(next, evaluated.changes);
  }
  return std::move(evaluated.result);
}

void MemoryStore::apply(const Evaluated& evaluated) {
  for (size_t i = 0; i < evaluated.changes.size(); ++i) {
    const Committed& change = evaluated.changes[i];
    const KeyValue& kv = change.event.kv;
    MZ_CHECK(kv.mod_revision >= current_, "revision {} after {}", kv.mod_revision.get(), current_.get());
    current_ = kv.mod_revision;
    std::vector<Version>& versions = keys_[kv.key];
    if (!versions.empty() && !versions.back().deleted) {
      const uint64_t before = kv.key.size() + view(versions.back().kv.value).size();
      MZ_CHECK(before <= live_bytes_, "{} live bytes, {} of them are replaced", live_bytes_, before);
      live_bytes_ -= before;
    }
    if (change.event.type != Event::Type::Delete) live_bytes_ += kv.key.size() + view(kv.value).size();
    versions.push_back({kv, change.event.type == Event::Type::Delete});
    log_.push_back({kv.key, kv.mod_revision, change.prev_revision});
    bytes_ += kv.key.size() + view(kv.value).size();
    if (evaluated.prev_leases[i].get() != 0) lease_keys_[evaluated.prev_leases[i]].erase(kv.key);
    if (kv.lease.get() != 0) lease_keys_[kv.lease].insert(kv.key);
  }
}

Result<TxnResult> MemoryStore::txn(Txn txn, Deadline deadline) {
  WatchHub::forbid_in_sink("txn");
  if (deadline.expired()) return timed_out();
  return commit(txn);
}

void MemoryStore::submit(Txn txn, Deadline deadline, Done done) {
  auto shared = std::make_shared<std::pair<Txn, Done>>(std::move(txn), std::move(done));
  const bool posted = submitted_->post([this, shared, deadline] {
    auto& [txn, done] = *shared;
    done(deadline.expired() ? Result<TxnResult>(timed_out()) : commit(txn));
  });
  if (!posted) shared->second(too_many_requests());
}

std::unique_ptr<Watch> MemoryStore::watch(WatchRequest request, WatchSink sink) {
  return hub_->add(std::move(request), std::move(sink));
}

Result<Event> MemoryStore::event_of(const Logged& logged) const {
  const Version* version = version_at(logged.key, logged.revision);
  if (!version || version->kv.mod_revision != logged.revision) return compacted();
  return Event{version->deleted ? Event::Type::Delete : Event::Type::Put, version->kv, std::nullopt};
}

Result<History::Chunk> MemoryStore::read_history(Revision from, const KeyRange& range, bool prev_kv) {
  Lock lock(m_);
  if (from <= compacted_) return compacted();
  Chunk chunk;
  auto it = std::lower_bound(log_.begin(), log_.end(), from,
                             [](const Logged& logged, Revision r) { return logged.revision < r; });
  for (; it != log_.end(); ++it) {
    const bool new_revision = chunk.through != it->revision;
    if (new_revision && chunk.events.size() >= kChunkEventsMax) return chunk;
    chunk.through = it->revision;
    if (!range.contains(it->key)) continue;
    MZ_ASSIGN(Event event, event_of(*it));
    Committed committed{std::move(event), it->prev_revision};
    const Version* prev = it->prev_revision.get() > 0 ? version_at(it->key, it->prev_revision) : nullptr;
    if (prev_kv && prev && prev->kv.mod_revision == it->prev_revision) committed.event.prev = prev->kv;
    chunk.events.push_back(std::move(committed));
  }
  chunk.through = current_;
  return chunk;
}

std::optional<KeyValue> MemoryStore::at_revision(std::string_view key, Revision revision) {
  Lock lock(m_);
  const Version* version = version_at(key, revision);
  if (!version || version->kv.mod_revision != revision || version->deleted) return std::nullopt;
  return version->kv;
}

Result<LeaseId> MemoryStore::grant(std::chrono::seconds ttl, Deadline) {
  MZ_ASSIGN(const LeaseId id,
            leases_.add(options_.clock.monotonic() + std::max(ttl, std::chrono::seconds(1))));
  wake();
  return id;
}

Result<void> MemoryStore::revoke(LeaseId lease, Deadline) {
  WatchHub::forbid_in_sink("revoke");
  if (!leases_.begin_end(lease)) return lease_not_found();
  std::vector<std::string> keys;
  {
    // With the commit lock, so that a transaction that saw the lease alive has put its keys.
    Lock commit(commit_m_);
    Lock lock(m_);
    const auto found = lease_keys_.find(lease);
    if (found != lease_keys_.end()) keys.assign(found->second.begin(), found->second.end());
  }
  for (const std::string& key : keys) {
    MZ_TRY(commit(Txn{{Compare::lease_is(key, lease)}, {Op::del(key)}, {}}));
  }
  Lock lock(m_);
  lease_keys_.erase(lease);
  leases_.erase(lease);
  return {};
}

Monotonic MemoryStore::maintain() {
  Lock lock(maintain_m_);
  const Monotonic now = options_.clock.monotonic();
  for (const LeaseId lease : leases_.due(now)) {
    (void)revoke(lease, Deadline::never());  // can only fail where somebody else revoked it
  }
  Revision current, compacted;
  uint64_t history = 0, live = 0;
  {
    Lock state(m_);
    current = current_;
    compacted = compacted_;
    live = live_bytes_;
    history = bytes_ - live_bytes_;
  }
  if (const auto target = retention_.due(now, current, compacted, history, live)) {
    (void)compact(*target, Deadline::never());  // can only fail where somebody else compacted further
  }
  Monotonic next = retention_.next_due();
  if (const auto lease = leases_.next_due()) next = std::min(next, *lease);
  return next;
}

void MemoryStore::wake() {
  Lock lock(wake_m_);
  wake_ = true;
  woken_.notify_all();
}

void MemoryStore::run_upkeep() {
  for (;;) {
    const Monotonic next = maintain();
    Lock lock(wake_m_);
    while (!wake_ && !stopping_) {
      if (!woken_.wait_until(wake_m_, Deadline::at(next, options_.clock))) break;
    }
    if (stopping_) return;
    wake_ = false;
  }
}

Result<void> MemoryStore::compact(Revision revision, Deadline) {
  Lock lock(m_);
  if (revision > current_) return future_revision();
  if (revision <= compacted_) return compacted();
  MZ_CHECK(revision > compacted_, "compaction goes back from {} to {}", compacted_.get(), revision.get());
  compacted_ = revision;
  while (!log_.empty() && log_.front().revision <= revision) log_.pop_front();
  for (auto it = keys_.begin(); it != keys_.end();) {
    std::vector<Version>& versions = it->second;
    auto keep = std::upper_bound(versions.begin(), versions.end(), revision,
                                 [](Revision r, const Version& v) { return r < v.kv.mod_revision; });
    if (keep != versions.begin() && !std::prev(keep)->deleted) --keep;
    for (auto gone = versions.begin(); gone != keep; ++gone)
      bytes_ -= it->first.size() + view(gone->kv.value).size();
    versions.erase(versions.begin(), keep);
    it = versions.empty() ? keys_.erase(it) : std::next(it);
  }
  return {};
}

Result<Revision> MemoryStore::current_revision(Deadline) { return newest(); }
Result<void> MemoryStore::health(Deadline) { return {}; }
Result<uint64_t> MemoryStore::size_bytes(Deadline) {
  Lock lock(m_);
  return bytes_;
}

}  // namespace mizzen::store
