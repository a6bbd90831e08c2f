#include "store/embedded/collector.h"

#include <memory>

#include "store/contract/errors.h"
#include "store/embedded/layout.h"

namespace mizzen::store {
namespace {

/// Erasures in one write, so that commits get between.
constexpr uint32_t kBatchMax = 2000;

Result<void> erase_superseded(std::string_view bytes, Revision revision, rocksdb::WriteBatch& batch) {
  const auto changes = layout::parse_changes(bytes);
  if (!changes) return Error(Code::InternalError, "store: damaged data: malformed revision");
  for (const layout::Change& change : *changes) {
    if (change.prev_revision > 0) {
      batch.SingleDelete(slice(layout::record_key(change.key, Revision(change.prev_revision))));
    }
    if (change.deleted) batch.SingleDelete(slice(layout::record_key(change.key, revision)));
  }
  return {};
}

}  // namespace

Revision Collector::collected() const {
  const auto bytes = engine_.read(layout::kCollected);
  return Revision(bytes ? layout::parse_number(*bytes).value_or(0) : 0);
}

Result<void> Collector::collect(Revision upto, const std::atomic<bool>& stop) {
  const Revision done = collected();
  const std::string upper = layout::revision_key(Revision(upto.get() + 1));
  const rocksdb::Slice upper_slice(upper);
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  options.iterate_upper_bound = &upper_slice;
  const std::unique_ptr<rocksdb::Iterator> it(engine_.db().NewIterator(options));
  rocksdb::WriteBatch batch;
  it->Seek(slice(layout::revision_key(Revision(done.get() + 1))));
  for (; it->Valid(); it->Next()) {
    if (stop.load(std::memory_order_relaxed)) return stopped();
    const auto revision = layout::parse_revision_key(view(it->key()));
    if (!revision) return Error(Code::InternalError, "store: damaged data: malformed revision place");
    MZ_TRY(erase_superseded(view(it->value()), *revision, batch));
    batch.SingleDelete(it->key());
    if (batch.Count() < kBatchMax) continue;
    batch.Put(slice(layout::kCollected), layout::number(revision->get()));
    MZ_TRY(engine_.write(batch, false));
    batch.Clear();
  }
  if (!it->status().ok()) return error_of(it->status());
  batch.Put(slice(layout::kCollected), layout::number(upto.get()));
  return engine_.write(batch, false);
}

}  // namespace mizzen::store
