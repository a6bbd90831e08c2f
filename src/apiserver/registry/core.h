#pragma once
#include <map>
#include <memory>

#include "admission/chain/chain.h"
#include "apiserver/allocate/table/allocation_table.h"
#include "apiserver/cache/thread_lane.h"
#include "apiserver/registry/cached_objects.h"
#include "apiserver/registry/resource_store.h"
#include "apiserver/registry/store_metrics.h"
#include "async/executor.h"
#include "async/timers.h"
#include "telemetry/log.h"

namespace mizzen::apiserver {

/// Role: the API below HTTP: every resource with its cache and its writes, the chain they pass and what they
/// give out. HTTP edge and loopback are two doors to it; it composes and finds, and does nothing itself.
/// Place: made by ApiServer. Lifecycle: start() loads all caches; stop() ends watches; the store must outlive
/// it. Threading: thread-safe.
class Core {
 public:
  struct Options {
    size_t companion_bytes_max = 24u << 20;
    Duration bookmark_period = std::chrono::minutes(1);
    /// One range, or one of each family with a comma between; the first is the default family's.
    std::string service_cidr = "10.96.0.0/12";
  };
  struct Deps {
    store::Store& store;
    const Clock& clock;
    Random& random;
    const api::Registry& registry;
    Metrics* metrics = nullptr;  ///< null: nothing is counted
  };
  Core(Deps deps, Options options);
  ~Core();

  Result<void> start(Deadline deadline);
  void stop();

  /// nullptr for resources that store nothing.
  ResourceStore* find(const api::ResourceInfo& resource) const;
  const api::Registry& registry() const { return deps_.registry; }
  store::Store& store() const { return deps_.store; }
  const Clock& clock() const { return deps_.clock; }
  const admission::Chain& admission() const { return *admission_; }
  Retry& retry() { return retry_; }
  /// Where watches of components in the process are served.
  Lane& lane() { return lane_; }
  void each_cache(const std::function<void(const ResourceCache&)>& f) const;

 private:
  void add(const api::ResourceInfo& resource);
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
  std::unique_ptr<const admission::Chain> admission_;
  std::map<const api::ResourceInfo*, StoreMetrics> store_metrics_;
  Companions companions_;
  ThreadPool background_;  ///< reads of the store's history, loading again
  Timers timers_;
  ThreadLane lane_;  ///< of the watches of components in the process
  Monotonic bookmarks_due_{};
  AllocationTable allocations_;
  std::unique_ptr<Allocator> services_;
  Result<void> ranges_;  ///< what is wrong with the service ranges; told by start()
  std::map<const api::ResourceInfo*, std::unique_ptr<ResourceCache>> caches_;
  std::map<const api::ResourceInfo*, std::unique_ptr<ResourceStore>> stores_;
};

}  // namespace mizzen::apiserver
