#pragma once
#include <memory>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "admission/chain/chain.h"
#include "api/registry/catalog.h"
#include "apiserver/allocate/table/allocation_table.h"
#include "apiserver/allocate/terms/term_keeper.h"
#include "apiserver/cache/thread_lane.h"
#include "apiserver/registry/bound_objects.h"
#include "apiserver/registry/cached_objects.h"
#include "apiserver/registry/resource_store.h"
#include "apiserver/registry/store_metrics.h"
#include "async/executor.h"
#include "async/timers.h"
#include "auth/authenticate/credentials.h"
#include "auth/tokens/account_tokens.h"
#include "base/published.h"
#include "telemetry/log.h"

namespace mizzen::apiserver {

/// What is served at one moment: the resources, and where each one is stored.
struct Serving {
  api::RegistryPtr registry;
  absl::flat_hash_map<const api::ResourceInfo*, StorePtr> stores;

  /// Null for resources that store nothing, or are not served.
  StorePtr find(const api::ResourceInfo& resource) const {
    const auto it = stores.find(&resource);
    return it == stores.end() ? nullptr : it->second;
  }
  /// What is stored, in the registry's order, which is the same in every run.
  std::vector<StorePtr> in_order() const;
};
using ServingPtr = std::shared_ptr<const Serving>;

/// Role: the API below HTTP: every resource with its cache and its writes, the chain they pass and what they
/// give out. HTTP edge and loopback are two doors to it; it composes and finds, and does nothing itself. It
/// follows the catalogue: a resource that comes is loaded before it is served; one that goes is served no
/// more, then its watches end, and its cache goes with the last request that has it. Place: made by
/// ApiServer. Lifecycle: start() loads all caches; stop() ends watches; the store and the catalogue must
/// outlive it. Threading: thread-safe; a request takes what is served once and keeps to it.
class Core {
 public:
  struct Options {
    size_t companion_bytes_max = 48u << 20;
    Duration bookmark_period = std::chrono::minutes(1);
    /// One range, or one of each family with a comma between; the first is the default family's.
    std::string service_cidr = "10.96.0.0/12";
  };
  struct Deps {
    store::Store& store;
    const Clock& clock;
    Random& random;
    api::ResourceCatalog& resources;
    Metrics* metrics = nullptr;  ///< null: nothing is counted
    /// What tokens of service accounts are signed and proved with; null: none are issued, none believed.
    const auth::TokenKeys* token_keys = nullptr;
  };
  Core(Deps deps, Options options);
  ~Core();

  Result<void> start(Deadline deadline);
  void stop();

  ServingPtr serving() const { return serving_.load(); }
  api::RegistryPtr registry() const { return serving()->registry; }
  api::ResourceCatalog& resources() const { return deps_.resources; }
  StorePtr find(const api::ResourceInfo& resource) const { return serving()->find(resource); }
  /// Of the resource whose in-memory type is T; NotFound where it is not served.
  template <typename T>
  Result<StorePtr> store_of() const {
    const ServingPtr now = serving();
    const api::ResourceInfo* resource = now->registry->find<T>();
    StorePtr found = resource ? now->find(*resource) : nullptr;
    if (!found) return no_such_resource();
    return found;
  }
  /// The object of that type, as it is now; NotFound where it is not there. May block until the deadline.
  template <typename T>
  Result<std::shared_ptr<const T>> newest(const std::string& ns, const std::string& name,
                                          Deadline deadline) const {
    MZ_ASSIGN(const StorePtr found, store_of<T>());
    MZ_ASSIGN(const EntryPtr entry, found->get(ns, name, deadline));
    return entry->object().template share<T>();
  }
  store::Store& store() const { return deps_.store; }
  const Clock& clock() const { return deps_.clock; }
  Random& random() const { return deps_.random; }
  const admission::Chain& admission() const { return *admission_; }
  /// Who sends what: certificates, and tokens of the accounts served here.
  const auth::Credentials& credentials() const { return credentials_; }
  const auth::TokenKeys* token_keys() const { return deps_.token_keys; }
  Retry& retry() { return retry_; }
  /// Where watches of components in the process are served.
  Lane& lane() { return lane_; }
  void each_cache(const std::function<void(const ResourceCache&)>& f) const;

 private:
  StorePtr host(const api::ResourceInfo& resource, const api::Registry& among);
  void on_registry(const api::RegistryPtr& now);
  /// Lets caches let go of old changes and, once a bookmark_period, tell watchers how far they are; comes
  /// again by itself.
  void tick();
  /// Who gives services their addresses and ports, and puts right what an older release left.
  Result<void> start_allocators(Deadline deadline);
  void table_lost(int attempt);
  /// Namespaces and priority classes that exist from the start.
  Result<void> bootstrap(Deadline deadline);

  Deps deps_;
  const Options options_;
  InFlight in_flight_;
  Retry retry_;
  CachedObjects objects_;
  const CachedBoundObjects bound_objects_;
  std::unique_ptr<const auth::AccountTokens> account_tokens_;  ///< null without keys
  const auth::Credentials credentials_;
  std::unique_ptr<const admission::Chain> admission_;
  const CompanionsPtr companions_;
  ThreadPool background_;  ///< reads of the store's history, loading again
  Timers timers_;
  ThreadLane lane_;  ///< of the watches of components in the process
  Monotonic bookmarks_due_{};
  AllocationTable allocations_;
  std::unique_ptr<Allocator> services_;
  TermKeeper terms_;
  Result<void> ranges_;  ///< what is wrong with the service ranges; told by start()
  Published<Serving> serving_;
  api::ResourceCatalog::Following following_;
};

}  // namespace mizzen::apiserver
