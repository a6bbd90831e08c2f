#include "store/embedded/impl.h"

#include <algorithm>

#include "base/check.h"
#include "store/contract/errors.h"
#include "store/embedded/group_writer.h"
#include "store/embedded/layout.h"
#include "telemetry/log.h"

namespace mizzen::store {
namespace {
/// With more free than this nobody asks what the engine would need.
constexpr uint64_t kPlenty = 256u << 20;
}  // namespace

EmbeddedStore::Impl::Impl(Options options, DataDir dir, std::unique_ptr<Engine> engine)
    : options_(std::move(options)),
      dir_(std::move(dir)),
      engine_(std::move(engine)),
      reader_(*engine_),
      collector_(*engine_),
      history_bytes_max_(options_.retention.history_bytes_min),
      rewrites_(options_.clock, {.name = "store-rewrite", .threads_max = 1, .queue_max = 1}),
      committer_(options_.clock, {.name = "store-commit", .threads_max = 1}),
      catch_up_(options_.clock, {.name = "store-history", .threads_max = 1, .queue_max = 4 * kWatchesMax}),
      hub_(catch_up_, *this, Revision(1)),
      commits_(
          committer_, [this](GroupCommit::Group group) { commit(group); }, options_.commits),
      retention_(options_.retention, options_.clock.monotonic(), Revision(1)) {}

EmbeddedStore::Impl::~Impl() {
  stopping_ = true;
  wake();
  if (stuck_) engine_->cancel_background_work();  // a resume may be waiting for room
  thread_.join();
  rewrites_.stop();
  commits_.stop();
  committer_.stop();
  hub_.end_all(stopped());
  catch_up_.stop();
}

void EmbeddedStore::Impl::check_space() {
  if (full_) return;
  const uint64_t free = dir_.free_bytes();
  // Whatever the options say, the engine keeps room to write out what it has in memory: it recovers badly
  // from a flush that met the end of the disk.
  const uint64_t least =
      free < kPlenty ? std::max(options_.free_bytes_min, engine_->flush_bytes()) : options_.free_bytes_min;
  if (free >= least) return;
  full_ = true;
  log::error("store", "little room is left on the disk: puts are refused until there is more", {});
  wake();
}

void EmbeddedStore::Impl::commit(GroupCommit::Group group) {
  check_space();
  GroupWriter writer(*engine_, recent_, leases_, current(),
                     {.keep_prev = hub_.prev_wanted(), .refuse_puts = full_});
  std::optional<Error> broken = broken_.with([](auto& error) { return error; });
  for (const auto& item : group) {
    if (broken) {
      item->result = *broken;
    } else if (item->deadline.expired()) {
      item->result = timed_out();
    } else {
      item->result = writer.add(item->txn);
    }
  }
  if (writer.empty()) return;
  const Result<void> written = engine_->write(writer.batch(), true);
  syncs_.fetch_add(1, std::memory_order_relaxed);
  if (!written.ok()) {
    // Those that only read may have read what was not written after all: nobody in the group learns anything
    // else.
    for (const auto& item : group) item->result = written.error();
    recent_.clear();
    write_failed(written.error());
    return;
  }
  MZ_CHECK(writer.revision() >= current(), "revision {} after {}", writer.revision().get(), current().get());
  current_.store(writer.revision().get(), std::memory_order_release);
  hub_.dispatch(writer.revision(), writer.events());
  const uint64_t history = history_bytes_.fetch_add(writer.superseded_bytes()) + writer.superseded_bytes();
  if (history > history_bytes_max_.load(std::memory_order_relaxed)) wake();
  std::move(writer).remember();
}

void EmbeddedStore::Impl::write_failed(const Error& error) {
  if (error.message() == space_exceeded().message()) {
    full_ = true;
    if (stuck_.exchange(true)) return;
    log::error("store", "the disk is full: writes are refused until there is room again", {});
    dir_.release_reserve();
    wake();  // resuming can take as long as room is missing: not on the committing thread
    return;
  }
  log::error("store", "a write failed: no more writes until a restart", {log::kv("reason", error.message())});
  broken_.with([&](auto& broken) { broken = error; });
}

Result<RangeResult> EmbeddedStore::Impl::range(const RangeRequest& request) {
  if (request.range.from.empty()) return key_not_provided();
  RangeResult result;
  result.revision = current();
  if (request.revision > result.revision) return future_revision();
  const Revision at = request.revision.get() > 0 ? request.revision : result.revision;
  Reader::Scan scan(*engine_, request, at);
  if (at < compacted()) {
    if (request.revision.get() > 0) return store::compacted();
    return range(request);  // compacted past what was the newest: read again
  }
  MZ_TRY(scan.run(result));
  return result;
}

Result<GetResult> EmbeddedStore::Impl::get(std::string_view key) {
  if (key.empty()) return key_not_provided();
  for (;;) {
    GetResult result{current(), std::nullopt};
    Reader::Lookup lookup(*engine_);
    if (result.revision < compacted()) continue;
    MZ_ASSIGN(auto found, lookup.newest(std::string(key), result.revision, true));
    if (found) result.kv = std::move(found->kv);
    return result;
  }
}

Result<History::Chunk> EmbeddedStore::Impl::read_history(Revision from, const KeyRange& range, bool prev_kv) {
  if (from <= compacted()) return store::compacted();
  Result<Chunk> chunk = reader_.history(from, current(), range, prev_kv);
  // Also after reading: what was erased meanwhile may be missing from it.
  if (from <= compacted()) return store::compacted();
  return chunk;
}

std::optional<KeyValue> EmbeddedStore::Impl::at_revision(std::string_view key, Revision revision) {
  return reader_.at_revision(key, revision);
}

Result<void> EmbeddedStore::Impl::compact(Revision revision) {
  Lock lock(compact_m_);
  if (revision > current()) return future_revision();
  if (revision <= compacted()) return store::compacted();
  rocksdb::WriteBatch batch;
  batch.Put(slice(layout::kCompacted), layout::number(revision.get()));
  MZ_TRY(engine_->write(batch, false));
  const uint64_t history = history_bytes_.exchange(0);
  MZ_CHECK(revision > compacted() && revision <= current(), "compacted to {} of {}, from {}", revision.get(),
           current().get(), compacted().get());
  compacted_.store(revision.get(), std::memory_order_release);
  MZ_TRY(collector_.collect(revision, stopping_));
  uncompacted_bytes_ += history;
  if (!full_ &&
      uncompacted_bytes_ > std::max<uint64_t>(options_.retention.history_bytes_min / 4, live_bytes() / 2)) {
    // On a thread of its own: rewriting the files may take minutes, in which leases still have to end.
    const bool posted = rewrites_.post([this] {
      if (options_.before_rewrite) options_.before_rewrite();
      engine_->compact_all();
    });
    if (posted) uncompacted_bytes_ = 0;
  }
  return {};
}

uint64_t EmbeddedStore::Impl::live_bytes() {
  const uint64_t stored =
      engine_->number("rocksdb.estimate-live-data-size") + engine_->number("rocksdb.cur-size-all-mem-tables");
  const uint64_t history = history_bytes_.load(std::memory_order_relaxed);
  return stored > history ? stored - history : 0;
}

Result<void> EmbeddedStore::Impl::health() {
  if (auto broken = broken_.with([](auto& error) { return error; })) return *broken;
  if (full_) return space_exceeded();
  return {};
}

}  // namespace mizzen::store
