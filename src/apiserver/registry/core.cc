#include "apiserver/registry/core.h"

#include <fmt/format.h>

#include "api/builtin.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "base/strings.h"

namespace mizzen::apiserver {

namespace {
/// Old changes are let go about so often.
constexpr Duration kTickPeriod = std::chrono::seconds(20);
}  // namespace

Core::Core(Deps deps, Options options)
    : deps_(deps),
      options_(std::move(options)),
      companions_(options_.companion_bytes_max),
      background_({"cache-reader", 2, 20'000, 10'000}),
      timers_(background_, deps_.clock),
      lane_("watch-lane") {
  if (deps_.metrics) admission_metrics_.emplace(*deps_.metrics);
  for (const api::ResourceInfo& r : deps_.registry.resources()) {
    if (r.create_only) continue;
    const StoreMetrics* times = nullptr;
    if (deps_.metrics) times = &store_metrics_.emplace(&r, StoreMetrics(*deps_.metrics, r)).first->second;
    auto cache = std::make_unique<ResourceCache>(
        r, ResourceCache::Deps{deps_.store, companions_, deps_.clock, deps_.random, background_, timers_});
    const auto hook = [this](const api::ResourceInfo& resource, machinery::MutableObject& object,
                             const Entry* old, const WriteContext&) { return admit(resource, object, old); };
    Allocate allocate;
    if (&r == &api::resource_of<api::core::v1::Service>())
      allocate = [this](const api::ResourceInfo& resource, machinery::MutableObject& object, const Entry* old,
                        const WriteContext& context) {
        return allocate_addresses(resource, object, old, context);
      };
    stores_[&r] = std::make_unique<ResourceStore>(
        ResourceStore::Deps{deps_.store, *cache, deps_.clock, deps_.random, hook, allocate, times});
    caches_[&r] = std::move(cache);
  }
  if (deps_.metrics) register_cache_metrics(*deps_.metrics, *this);
}

Core::~Core() { stop(); }

Result<void> Core::start(Deadline deadline) {
  for (const auto& [resource, cache] : caches_)
    if (const auto r = cache->start(deadline); !r.ok())
      return r.error().with_context(fmt::format("loading {}", resource->qualified()));
  bookmarks_due_ = deps_.clock.monotonic() + options_.bookmark_period;
  tick();
  return bootstrap(deadline);
}

void Core::tick() {
  const bool bookmarks = deps_.clock.monotonic() >= bookmarks_due_;
  if (bookmarks) bookmarks_due_ = deps_.clock.monotonic() + options_.bookmark_period;
  for (const auto& [resource, cache] : caches_) {
    cache->expire_changes();
    if (bookmarks) cache->send_bookmarks();
  }
  timers_.after(std::min(kTickPeriod, options_.bookmark_period), [this] { tick(); });
}

void Core::stop() {
  timers_.stop();
  for (const auto& [resource, cache] : caches_) cache->stop();
  background_.stop();
  lane_.stop();
}

void Core::each_cache(const std::function<void(const ResourceCache&)>& f) const {
  for (const api::ResourceInfo& r : deps_.registry.resources())
    if (const auto it = caches_.find(&r); it != caches_.end()) f(*it->second);
}

ResourceStore* Core::find(const api::ResourceInfo& resource) {
  const auto it = stores_.find(&resource);
  return it == stores_.end() ? nullptr : it->second.get();
}

Result<void> Core::bootstrap(Deadline deadline) {
  WriteContext context;
  context.deadline = deadline;
  const auto ensure = [&]<typename T>(T object, std::string_view api_version) -> Result<void> {
    const api::ResourceInfo* resource = deps_.registry.find_message(T::descriptor());
    if (!resource) return {};
    ResourceStore& store = *find(*resource);
    if (store.cache().find(object.metadata.name)) return {};
    machinery::MutableObject made(T::descriptor());
    *made.as<T>() = std::move(object);
    context.api_version = api_version;
    const auto r = store.create(std::move(made), context);
    if (!r.ok() && r.error().code() != Code::AlreadyExists) return r.error();
    return {};
  };
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    api::core::v1::Namespace ns;
    ns.metadata.name = name;
    MZ_TRY(ensure(std::move(ns), "v1"));
  }
  const std::pair<const char*, int32_t> classes[] = {{"system-node-critical", 2000001000},
                                                     {"system-cluster-critical", 2000000000}};
  for (const auto& [name, value] : classes) {
    api::scheduling::v1::PriorityClass c;
    c.metadata.name = name;
    c.value = value;
    c.description = value == 2000001000
                        ? "Used for system critical pods that must not be moved from their current node."
                        : "Used for system critical pods that must run in the cluster, but can be moved to "
                          "another node if necessary.";
    MZ_TRY(ensure(std::move(c), "scheduling.k8s.io/v1"));
  }
  return {};
}

}  // namespace mizzen::apiserver
