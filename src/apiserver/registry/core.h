#pragma once
#include <map>
#include <memory>

#include "api/schema/autoscaling/v1/scale.h"
#include "api/schema/core/v1/binding.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "apiserver/cache/thread_lane.h"
#include "apiserver/registry/core_metrics.h"
#include "apiserver/registry/resource_store.h"
#include "async/executor.h"
#include "async/timers.h"
#include "telemetry/log.h"

namespace mizzen::apiserver {

/// Role: the API below HTTP: every resource with its cache and its writes, and what happens between resources
/// on a write (admission, subresources). HTTP edge and loopback are two doors to it. Place: made by
/// ApiServer. Lifecycle: start() loads all caches; stop() ends watches; the store must outlive it. Threading:
/// thread-safe. Writes and consistent reads block: workers only.
class Core {
 public:
  struct Options {
    size_t companion_bytes_max = 24u << 20;
    Duration bookmark_period = std::chrono::minutes(1);
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
  ResourceStore* find(const api::ResourceInfo& resource);
  const api::Registry& registry() const { return deps_.registry; }
  store::Store& store() { return deps_.store; }
  const Clock& clock() const { return deps_.clock; }
  /// Where watches of components in the process are served.
  Lane& lane() { return lane_; }
  void each_cache(const std::function<void(const ResourceCache&)>& f) const;

  /// POST pods/x/binding: the scheduler's decision, once.
  Result<void> bind(const api::core::v1::Binding& binding, const WriteContext& context);
  /// scale of a workload, read and written.
  Result<api::autoscaling::v1::Scale> get_scale(const api::ResourceInfo& resource, const std::string& ns,
                                                const std::string& name, Deadline deadline);
  Result<api::autoscaling::v1::Scale> put_scale(const api::ResourceInfo& resource, const std::string& ns,
                                                const std::string& name,
                                                const api::autoscaling::v1::Scale& scale,
                                                const WriteContext& context);
  /// The same from what is there when it is written; `change` may be asked more than once.
  Result<api::autoscaling::v1::Scale> change_scale(
      const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
      const std::function<Result<api::autoscaling::v1::Scale>(const api::autoscaling::v1::Scale&)>& change,
      const WriteContext& context);
  /// POST pods/x/eviction (no disruption budgets yet: every eviction is a deletion).
  Result<void> evict(const std::string& ns, const std::string& name, const meta::v1::DeleteOptions& options,
                     const WriteContext& context);
  /// PUT namespaces/x/finalize: only spec.finalizers; the namespace goes with its last one.
  Result<EntryPtr> finalize_namespace(const std::string& name, const Object& wanted,
                                      const WriteContext& context);
  /// Namespaces and priority classes that exist from the start.
  Result<void> bootstrap(Deadline deadline);

 private:
  /// Lets caches let go of old changes and, once a bookmark_period, tell watchers how far they are; comes
  /// again by itself.
  void tick();
  Result<void> admit(const api::ResourceInfo& resource, machinery::MutableObject& object, const Entry* old);
  Result<void> admit_parts(const api::ResourceInfo& resource, machinery::MutableObject& object,
                           const Entry* old);
  Result<void> timed(AdmissionMetrics::Part part, bool create, const std::function<Result<void>()>& f) const;
  Result<void> admit_namespace(const api::ResourceInfo& resource, const meta::v1::ObjectMeta& meta);
  Result<void> admit_account(const api::ResourceInfo& resource, api::core::v1::Pod& pod);
  Result<void> admit_priority(const api::ResourceInfo& resource, api::core::v1::Pod& pod);
  std::shared_ptr<const api::scheduling::v1::PriorityClass> default_priority_class();
  Result<void> admit_priority_class(const api::ResourceInfo& resource, const machinery::MutableObject& object,
                                    const Entry* old);
  Result<std::shared_ptr<void>> allocate_addresses(const api::ResourceInfo& resource,
                                                   machinery::MutableObject& object, const Entry* old,
                                                   const WriteContext& context);

  Deps deps_;
  const Options options_;
  std::optional<AdmissionMetrics> admission_metrics_;
  std::map<const api::ResourceInfo*, StoreMetrics> store_metrics_;
  Companions companions_;
  ThreadPool background_;  ///< reads of the store's history, loading again
  Timers timers_;
  ThreadLane lane_;  ///< of the watches of components in the process
  Monotonic bookmarks_due_{};
  std::map<const api::ResourceInfo*, std::unique_ptr<ResourceCache>> caches_;
  std::map<const api::ResourceInfo*, std::unique_ptr<ResourceStore>> stores_;
  Mutex services_m_;
  /// Cluster IPs chosen a moment ago, by when: their services may not be in the cache yet. For kAddressHold.
  std::map<std::string, Monotonic> addresses_given_ MZ_GUARDED_BY(services_m_);
};

}  // namespace mizzen::apiserver
