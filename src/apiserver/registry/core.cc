#include "apiserver/registry/core.h"

#include <fmt/format.h>

#include "admission/default_chain.h"
#include "api/builtin.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "apiserver/allocate/services/repair.h"
#include "apiserver/allocate/services/service_allocator.h"
#include "apiserver/registry/cache_metrics.h"

namespace mizzen::apiserver {
namespace {

constexpr Duration kTableRestart = std::chrono::seconds(10);
/// Old changes are let go about so often.
constexpr Duration kTickPeriod = std::chrono::seconds(20);

}  // namespace

Core::Core(Deps deps, Options options)
    : deps_(deps),
      options_(std::move(options)),
      retry_(deps_.clock, deps_.random),
      objects_({deps_.store, [this](const api::ResourceInfo& r) { return find(r); }, in_flight_, retry_}),
      admission_(admission::make_default_chain({deps_.clock, deps_.metrics}, objects_)),
      companions_(options_.companion_bytes_max),
      background_({"cache-reader", 2, 20'000, 10'000}),
      timers_(background_, deps_.clock),
      lane_("watch-lane"),
      allocations_({deps_.store, deps_.clock, [this] { table_lost(1); }}) {
  auto ranges = parse_service_ranges(options_.service_cidr);
  if (ranges.ok()) {
    services_ = std::make_unique<ServiceAllocator>(ServiceAllocator::Deps{allocations_, deps_.random},
                                                   std::move(*ranges));
  } else {
    ranges_ = ranges.error();
  }
  for (const api::ResourceInfo& r : deps_.registry.resources())
    if (!r.create_only) add(r);
  if (deps_.metrics) register_cache_metrics(*deps_.metrics, *this);
}

Core::~Core() { stop(); }

void Core::add(const api::ResourceInfo& resource) {
  const StoreMetrics* times = nullptr;
  if (deps_.metrics)
    times = &store_metrics_.emplace(&resource, StoreMetrics(*deps_.metrics, resource)).first->second;
  auto cache = std::make_unique<ResourceCache>(
      resource,
      ResourceCache::Deps{deps_.store, companions_, deps_.clock, deps_.random, background_, timers_});
  const bool services = &resource.message() == &api::core::v1::Service::descriptor();
  stores_[&resource] = std::make_unique<ResourceStore>(
      ResourceStore::Deps{deps_.store, *cache, deps_.clock, deps_.random, *admission_, retry_, in_flight_,
                          services ? services_.get() : nullptr, times});
  caches_[&resource] = std::move(cache);
}

Result<void> Core::start(Deadline deadline) {
  MZ_TRY(ranges_);
  for (const auto& [resource, cache] : caches_)
    if (const auto r = cache->start(deadline); !r.ok())
      return r.error().with_context(fmt::format("loading {}", resource->qualified()));
  MZ_TRY(start_allocators(deadline));
  bookmarks_due_ = deps_.clock.monotonic() + options_.bookmark_period;
  tick();
  return bootstrap(deadline);
}

Result<void> Core::start_allocators(Deadline deadline) {
  if (const auto r = allocations_.start(deadline); !r.ok())
    return r.error().with_context("loading allocations");
  const api::ResourceInfo* resource = deps_.registry.find_message(api::core::v1::Service::descriptor());
  ResourceStore* const services = resource ? find(*resource) : nullptr;
  if (!services) return {};
  std::vector<StoredService> stored;
  for (const EntryPtr& entry : services->cache().list({}, "", 0).entries)
    stored.push_back({entry->object(), store::Revision(entry->revision())});
  MZ_ASSIGN(const Repaired done,
            repair_services(deps_.store, services->prefix(), allocations_, stored, deadline));
  if (done.taken + done.released + done.doubled > 0)
    log::info(
        "allocate", "allocations of services put right",
        {log::kv("taken", done.taken), log::kv("released", done.released), log::kv("doubled", done.doubled)});
  return {};
}

void Core::table_lost(int attempt) {
  const bool posted = retry_.again(attempt, [this, attempt] {
    const auto r = allocations_.restart(Deadline::after(kTableRestart));
    if (!r.ok()) table_lost(attempt + 1);
  });
  if (!posted) log::info("allocate", "allocations are followed no more: the server stops");
}

void Core::tick() {
  const bool bookmarks = deps_.clock.monotonic() >= bookmarks_due_;
  if (bookmarks) bookmarks_due_ = deps_.clock.monotonic() + options_.bookmark_period;
  for (const auto& [resource, cache] : caches_) {
    cache->expire_changes();
    if (bookmarks) cache->send_bookmarks();
  }
  companions_.age();
  timers_.after(std::min(kTickPeriod, options_.bookmark_period), [this] { tick(); });
}

void Core::stop() {
  allocations_.stop();
  retry_.stop();
  in_flight_.wait_idle();
  timers_.stop();
  for (const auto& [resource, cache] : caches_) cache->stop();
  background_.stop();
  lane_.stop();
}

void Core::each_cache(const std::function<void(const ResourceCache&)>& f) const {
  for (const api::ResourceInfo& r : deps_.registry.resources())
    if (const auto it = caches_.find(&r); it != caches_.end()) f(*it->second);
}

ResourceStore* Core::find(const api::ResourceInfo& resource) const {
  const auto it = stores_.find(&resource);
  return it == stores_.end() ? nullptr : it->second.get();
}

Result<void> Core::bootstrap(Deadline deadline) {
  const auto ensure = [&]<typename T>(T object) -> Result<void> {
    const api::ResourceInfo* resource = deps_.registry.find_message(T::descriptor());
    if (!resource) return {};
    ResourceStore& store = *find(*resource);
    if (store.cache().find(object.metadata.name)) return {};
    machinery::MutableObject made(T::descriptor());
    *made.as<T>() = std::move(object);
    const auto context = std::make_shared<RequestContext>();
    context->user = {"system:apiserver", {std::string(auth::kMasters)}};
    context->verb = api::Verb::Create;
    context->resource = resource;
    context->api_version = resource->api_version();
    context->deadline = deadline;
    const auto r = await<EntryPtr>(StopToken(), [&](ResourceStore::Done<EntryPtr> done) {
      store.create(context, std::move(made), std::move(done));
    });
    if (!r.ok() && r.error().code() != Code::AlreadyExists) return r.error();
    return {};
  };
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    api::core::v1::Namespace ns;
    ns.metadata.name = name;
    MZ_TRY(ensure(std::move(ns)));
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
    MZ_TRY(ensure(std::move(c)));
  }
  return {};
}

}  // namespace mizzen::apiserver
