#include "store/embedded/embedded_store.h"

#include "store/contract/errors.h"
#include "store/embedded/impl.h"
#include "store/local/validate.h"

namespace mizzen::store {

Result<std::unique_ptr<EmbeddedStore>> EmbeddedStore::open(Options options) {
  MZ_ASSIGN(DataDir dir, DataDir::open(options.path, options.reserve_bytes, options.disk));
  MZ_ASSIGN(auto engine,
            Engine::open(dir.db_path(), dir.disk(),
                         {.memtable_bytes = options.memtable_bytes, .cache_bytes = options.cache_bytes}));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(dir), std::move(engine));
  MZ_TRY(impl->start());
  return std::unique_ptr<EmbeddedStore>(new EmbeddedStore(std::move(impl)));
}

EmbeddedStore::EmbeddedStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EmbeddedStore::~EmbeddedStore() = default;

Result<RangeResult> EmbeddedStore::range(const RangeRequest& request, Deadline) {
  return impl_->range(request);
}
Result<GetResult> EmbeddedStore::get(std::string_view key, Deadline) { return impl_->get(key); }

Result<TxnResult> EmbeddedStore::txn(Txn txn, Deadline deadline) {
  WatchHub::forbid_in_sink("txn");
  MZ_TRY(validate(txn));
  return impl_->commits().run(std::move(txn), deadline);
}

void EmbeddedStore::submit(Txn txn, Deadline deadline, Done done) {
  if (const Result<void> valid = validate(txn); !valid.ok()) {
    done(valid.error());
    return;
  }
  impl_->commits().submit(std::move(txn), deadline, std::move(done));
}

std::unique_ptr<Watch> EmbeddedStore::watch(WatchRequest request, WatchSink sink) {
  return impl_->hub().add(std::move(request), std::move(sink));
}

Result<LeaseId> EmbeddedStore::grant(std::chrono::seconds ttl, Deadline) { return impl_->grant(ttl); }

Result<void> EmbeddedStore::revoke(LeaseId lease, Deadline) {
  WatchHub::forbid_in_sink("revoke");
  return impl_->revoke(lease);
}

Result<void> EmbeddedStore::compact(Revision revision, Deadline) { return impl_->compact(revision); }
Result<Revision> EmbeddedStore::current_revision(Deadline) { return impl_->current(); }
Result<void> EmbeddedStore::health(Deadline) { return impl_->health(); }
Result<uint64_t> EmbeddedStore::size_bytes(Deadline) { return impl_->engine().size_bytes(); }
Monotonic EmbeddedStore::maintain() { return impl_->maintain(); }
uint64_t EmbeddedStore::syncs() const { return impl_->syncs(); }

}  // namespace mizzen::store
