#include "apiserver/allocate/services/repair.h"

#include "apiserver/allocate/services/service_allocator.h"
#include "telemetry/log.h"

namespace mizzen::apiserver {
namespace {

using Service = api::core::v1::Service;

}  // namespace

Result<Repaired> repair_services(store::Store& store, const std::string& prefix, const AllocationTable& table,
                                 const std::vector<StoredService>& services, Deadline deadline) {
  Repaired out;
  const auto holdings = table.all();
  std::map<std::string, const StoredService*> wanted, by_owner;
  for (const StoredService& s : services) {
    const auto service = s.object.share<Service>();
    const std::string owner = ServiceAllocator::owner_of(*service);
    by_owner[owner] = &s;
    for (const std::string& key : ServiceAllocator::keys_of(*service)) {
      const auto held = holdings.find(key);
      const bool first = wanted.emplace(key, &s).second;
      if (!first || (held != holdings.end() && held->second.owner != owner)) {
        log::warn("allocate", "two services have the same", {log::kv("key", key), log::kv("service", owner)});
        ++out.doubled;
      }
      if (!first || held != holdings.end()) continue;
      store::Txn txn = store::Txn::put(key, store::make_bytes(owner));
      txn.compares = {store::Compare::absent(key), store::Compare::unchanged(prefix + owner, s.revision)};
      MZ_ASSIGN(const auto done, store.txn(std::move(txn), deadline));
      out.taken += done.succeeded;
    }
  }
  for (const auto& [key, held] : holdings) {
    if (wanted.contains(key)) continue;
    const auto owner = by_owner.find(held.owner);
    store::Txn txn = store::Txn::del(key);
    const store::Revision as_seen = owner == by_owner.end() ? store::Revision() : owner->second->revision;
    txn.compares = {store::Compare::unchanged(key, held.revision),
                    store::Compare::unchanged(prefix + held.owner, as_seen)};
    MZ_ASSIGN(const auto done, store.txn(std::move(txn), deadline));
    out.released += done.succeeded;
  }
  return out;
}

}  // namespace mizzen::apiserver
