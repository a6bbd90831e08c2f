#include "apiserver/registry/core.h"

#include <fmt/format.h>

#include "admission/default_chain.h"
#include "api/schema/coordination/v1/lease.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "apiserver/allocate/services/repair.h"
#include "apiserver/allocate/services/service_allocator.h"
#include "apiserver/registry/cache_metrics.h"
#include "base/check.h"

namespace mizzen::apiserver {
namespace {

constexpr Duration kTableRestart = std::chrono::seconds(10);
/// Old changes, and decoded forms that nobody has used since, are let go about so often.
constexpr Duration kTickPeriod = std::chrono::seconds(5);
/// How long whoever adds a resource waits for its objects; after that it is served while they load.
constexpr Duration kLoadMax = std::chrono::seconds(10);

}  // namespace

Core::Core(Deps deps, Options options)
    : deps_(deps),
      options_(std::move(options)),
      retry_(deps_.clock, deps_.random),
      objects_({deps_.store, [this] { return registry(); },
                [this](const api::ResourceInfo& r) { return find(r); }, in_flight_, retry_}),
      bound_objects_(objects_),
      account_tokens_(deps_.token_keys ? std::make_unique<const auth::AccountTokens>(
                                             *deps_.token_keys, bound_objects_, deps_.clock)
                                       : nullptr),
      credentials_(account_tokens_ ? std::vector<const auth::TokenVerifier*>{account_tokens_.get()}
                                   : std::vector<const auth::TokenVerifier*>()),
      admission_(admission::make_default_chain({deps_.clock, deps_.random, deps_.metrics}, objects_)),
      companions_(std::make_shared<Companions>(options_.companion_bytes_max)),
      background_(deps_.clock, {"cache-reader", 2, 20'000, 10'000}),
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
  Serving first;
  first.registry = deps_.resources.registry();
  for (const api::ResourceInfo& r : first.registry->resources())
    if (r.stored()) first.stores[&r] = host(r, *first.registry);
  serving_.store(std::make_shared<const Serving>(std::move(first)));
  if (deps_.metrics) register_cache_metrics(*deps_.metrics, *this);
}

Core::~Core() { stop(); }

StorePtr Core::host(const api::ResourceInfo& resource, const api::Registry& among) {
  std::optional<StoreMetrics> times;
  if (deps_.metrics) times.emplace(*deps_.metrics, resource);
  auto cache = std::make_shared<ResourceCache>(
      resource,
      ResourceCache::Deps{deps_.store, companions_, {deps_.clock, deps_.random, background_, timers_}});
  Allocator* allocator = nullptr;
  if (&resource == among.find<api::core::v1::Service>()) allocator = services_.get();
  if (&resource == among.find<api::coordination::v1::Lease>()) allocator = &terms_;
  return std::make_shared<ResourceStore>(ResourceStore::Deps{deps_.store, std::move(cache), deps_.clock,
                                                             deps_.random, *admission_, retry_, in_flight_,
                                                             allocator, std::move(times)});
}

void Core::on_registry(const api::RegistryPtr& now) {
  const ServingPtr before = serving();
  const api::RegistryChange change = api::difference(*before->registry, *now);
  Serving next = *before;
  next.registry = now;
  for (const api::ResourcePtr& r : change.added) {
    if (!r->stored()) continue;
    StorePtr store = host(*r, *now);
    if (const auto loaded = store->cache().start(Deadline::after(kLoadMax, deps_.clock)); !loaded.ok()) {
      log::error("apiserver", "a new resource could not be loaded, trying again",
                 {log::kv("resource", r->qualified()), log::kv("err", loaded.error().message())});
      store->cache().start_later();
    }
    next.stores[r.get()] = std::move(store);
  }
  for (const api::ResourcePtr& r : change.removed) next.stores.erase(r.get());
  for (const api::ResourceInfo& r : now->resources())
    MZ_CHECK(!r.stored() || next.find(r), "{} would be served from nowhere", r.qualified());
  serving_.store(std::make_shared<const Serving>(std::move(next)));
  for (const api::ResourcePtr& r : change.removed)
    if (const StorePtr gone = before->find(*r)) gone->stop(no_such_resource());
}

std::vector<StorePtr> Serving::in_order() const {
  std::vector<StorePtr> out;
  out.reserve(stores.size());
  for (const api::ResourceInfo& r : registry->resources())
    if (StorePtr store = find(r)) out.push_back(std::move(store));
  MZ_CHECK(out.size() == stores.size(), "{} of {} stores are of served resources", out.size(), stores.size());
  return out;
}

Result<void> Core::start(Deadline deadline) {
  MZ_TRY(ranges_);
  const ServingPtr first = serving();
  for (const StorePtr& store : first->in_order())
    if (const auto r = store->cache().start(deadline); !r.ok())
      return r.error().with_context(fmt::format("loading {}", store->cache().resource().qualified()));
  MZ_TRY(start_allocators(deadline));
  bookmarks_due_ = deps_.clock.monotonic() + options_.bookmark_period;
  tick();
  MZ_TRY(bootstrap(deadline));
  following_ = deps_.resources.follow([this](const api::RegistryPtr& now) { on_registry(now); });
  return {};
}

Result<void> Core::start_allocators(Deadline deadline) {
  if (const auto r = allocations_.start(deadline); !r.ok())
    return r.error().with_context("loading allocations");
  const auto found = store_of<api::core::v1::Service>();
  if (!found.ok()) return {};
  const StorePtr& services = *found;
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
    const auto r = allocations_.restart(Deadline::after(kTableRestart, deps_.clock));
    if (!r.ok()) table_lost(attempt + 1);
  });
  if (!posted) log::info("allocate", "allocations are followed no more: the server stops");
}

void Core::tick() {
  const bool bookmarks = deps_.clock.monotonic() >= bookmarks_due_;
  if (bookmarks) bookmarks_due_ = deps_.clock.monotonic() + options_.bookmark_period;
  for (const StorePtr& store : serving()->in_order()) {
    store->cache().expire_changes();
    if (bookmarks) store->cache().send_bookmarks();
  }
  companions_->age();
  timers_.after(std::min(kTickPeriod, options_.bookmark_period), [this] { tick(); });
}

void Core::stop() {
  following_.reset();
  allocations_.stop();
  retry_.stop();
  in_flight_.wait_idle();
  timers_.stop();
  const ServingPtr last = serving();
  const Error why(Code::ServiceUnavailable, "the server is shutting down");
  for (const StorePtr& store : last->in_order()) store->stop(why);
  background_.stop();
  lane_.stop();
}

void Core::each_cache(const std::function<void(const ResourceCache&)>& f) const {
  for (const StorePtr& store : serving()->in_order()) f(store->cache());
}

Result<void> Core::bootstrap(Deadline deadline) {
  const auto ensure = [&]<typename T>(T object) -> Result<void> {
    const auto found = store_of<T>();
    if (!found.ok()) return {};
    ResourceStore& store = **found;
    if (store.cache().find(object.metadata.name)) return {};
    machinery::MutableObject made(T::descriptor());
    *made.as<T>() = std::move(object);
    const auto context = std::make_shared<RequestContext>();
    context->user = {"system:apiserver", {std::string(auth::kMasters)}};
    context->verb = api::Verb::Create;
    context->resource = store.resource().share();
    context->api_version = context->resource->api_version();
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
