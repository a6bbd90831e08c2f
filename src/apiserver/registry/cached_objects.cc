#include "apiserver/registry/cached_objects.h"

namespace mizzen::apiserver {

Object CachedObjects::cached(const api::ResourceInfo& resource, std::string_view ns,
                             std::string_view name) const {
  const StorePtr store = deps_.find(resource);
  const EntryPtr entry = store ? store->cache().find(entry_key(ns, name)) : nullptr;
  return entry ? entry->object() : Object();
}

void CachedObjects::newest(const api::ResourceInfo& resource, std::string_view ns, std::string_view name,
                           Deadline deadline, std::function<void(Result<Object>)> done) const {
  const StorePtr store = deps_.find(resource);
  if (!store) return done(Error(Code::InternalError, "admission looks up what is not stored"));
  store::Txn txn;
  txn.success.push_back(store::Op::get(store->path(entry_key(ns, name))));
  deps_.store.submit(
      std::move(txn), deadline,
      [this, store, token = deps_.in_flight.begin(), name = std::string(name),
       done = std::move(done)](Result<store::TxnResult> got) {
        // Not on the committing thread: the request is evaluated further.
        auto go_on = [store, name, done, got = std::move(got)] {
          if (!got.ok()) return done(got.error());
          const auto& kv = got->results[0].kv;
          if (!kv) return done(store->not_found(name));
          done(decode_stored(store->resource(), store::view(kv->value), kv->mod_revision.get()));
        };
        if (!deps_.retry.soon(go_on))
          done(Error(Code::TooManyRequests, "Too many requests, please try again later."));
      });
}

std::vector<Object> CachedObjects::all(const api::ResourceInfo& resource) const {
  std::vector<Object> out;
  const StorePtr store = deps_.find(resource);
  if (!store) return out;
  for (const EntryPtr& entry : store->cache().list({}, "", 0).entries) out.push_back(entry->object());
  return out;
}

int64_t CachedObjects::generation(const api::ResourceInfo& resource) const {
  const StorePtr store = deps_.find(resource);
  return store ? store->cache().snapshot().newest_change : 0;
}

}  // namespace mizzen::apiserver
