#include "apiserver/loopback/loopback.h"

#include <fmt/format.h>

#include "api/schema/policy/v1/eviction.h"
#include "apiserver/registry/patching.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using client::WatchEvent;

/// How long a watch may wait for what the store remembers from before the cache.
constexpr Duration kBackfillMax = std::chrono::seconds(10);

WriteContext context_of(const api::ResourceInfo& resource, const client::WriteOptions& options,
                        const client::Call& call) {
  WriteContext out;
  out.api_version = resource.api_version();
  out.dry_run = options.dry_run;
  out.deadline = call.deadline;
  return out;
}

class LoopbackWatch final : public client::Watch {
 public:
  explicit LoopbackWatch(std::unique_ptr<Subscription> s) : subscription_(std::move(s)) {}

 private:
  std::unique_ptr<Subscription> subscription_;
};

/// A watch that could not start: the sink has been told.
class EndedWatch final : public client::Watch {};

Object bookmark_of(const api::ResourceInfo& resource, const Change& change) {
  machinery::MutableObject object(resource.message());
  object.meta().resourceVersion = std::to_string(change.revision);
  if (change.initial_end) object.meta().annotations.set("k8s.io/initial-events-end", "true");
  return std::move(object).freeze();
}

}  // namespace

Result<Filter> make_filter(const api::ResourceInfo& resource, const std::string& ns,
                           const std::string& labels, const std::string& fields,
                           const api::ServedVersion* version) {
  Filter filter;
  filter.namespace_ = ns;
  MZ_ASSIGN(filter.labels, machinery::LabelSelector::parse(labels));
  MZ_ASSIGN(filter.fields, machinery::FieldSelector::parse(fields));
  if (version && version->field_name) {
    for (const auto& term : filter.fields.terms())
      if (version->field_name(term.field).empty())
        return Error(Code::BadRequest, fmt::format("field label not supported: {}", term.field));
    filter.fields.rename(version->field_name);
  }
  for (const auto& term : filter.fields.terms()) {
    const bool known = term.field == "metadata.name" ||
                       (term.field == "metadata.namespace" && resource.namespaced) ||
                       resource.strategy->is_selectable(term.field);
    if (known) continue;
    return Error(
        Code::BadRequest,
        resource.group().empty()
            ? fmt::format("field label not supported: {}", term.field)
            : fmt::format("{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
                          quote(term.field)));
  }
  if (const std::string* name = filter.fields.exact("metadata.name")) filter.name = *name;
  if (const std::string* in = filter.fields.exact("metadata.namespace");
      in && filter.namespace_.empty() && resource.namespaced)
    filter.namespace_ = *in;
  return filter;
}

Loopback::Loopback(Core& core, std::string user, Metrics* metrics)
    : core_(core),
      user_(std::move(user)),
      requests_(metrics
                    ? &metrics->counters("mizzen_loopback_requests_total",
                                         "Requests of components in this process, which do not go over HTTP.",
                                         {"user", "verb", "group", "resource"})
                    : nullptr) {}

void Loopback::count(std::string_view verb, const api::ResourceInfo& resource) {
  if (requests_)
    requests_->with({user_, std::string(verb), std::string(resource.group()), std::string(resource.plural)})
        .add();
}

Result<ResourceStore*> Loopback::store_of(const api::ResourceInfo& resource) {
  ResourceStore* store = core_.find(resource);
  if (!store)
    return Error(Code::MethodNotAllowed, "the server does not allow this method on the requested resource");
  return store;
}

Result<Object> Loopback::get(const api::ResourceInfo& resource, const std::string& ns,
                             const std::string& name, const client::Call& call) {
  count("GET", resource);
  MZ_ASSIGN(ResourceStore* const store, store_of(resource));
  MZ_ASSIGN(const EntryPtr entry, store->get(ns, name, call.deadline));
  return entry->object();
}

Result<client::ObjectList> Loopback::list(const api::ResourceInfo& resource,
                                          const client::ListOptions& options, const client::Call& call) {
  count("LIST", resource);
  MZ_ASSIGN(ResourceStore* const store, store_of(resource));
  MZ_ASSIGN(const Filter filter,
            make_filter(resource, options.namespace_, options.label_selector, options.field_selector));
  if (options.resource_version.empty()) {
    MZ_ASSIGN(const store::Revision now, core_.store().current_revision(call.deadline));
    MZ_TRY(store->cache().wait_for(now.get(), call.deadline));
  }
  const auto page = store->cache().list(filter, "", 0);
  client::ObjectList out;
  out.resource_version = std::to_string(page.revision);
  out.items.reserve(page.entries.size());
  for (const EntryPtr& entry : page.entries) out.items.push_back(entry->object());
  return out;
}

std::unique_ptr<client::Watch> Loopback::watch(const api::ResourceInfo& resource,
                                               const client::ListOptions& options, client::WatchSink sink) {
  count("WATCH", resource);
  const auto start = [&]() -> Result<std::unique_ptr<Subscription>> {
    MZ_ASSIGN(ResourceStore* const store, store_of(resource));
    MZ_ASSIGN(Filter filter,
              make_filter(resource, options.namespace_, options.label_selector, options.field_selector));
    WatchStart from;
    from.bookmarks = options.allow_bookmarks;
    from.initial_end_bookmark = options.send_initial_events && options.allow_bookmarks;
    if (!options.send_initial_events) {
      const auto rv = parse_int<int64_t>(options.resource_version);
      if (rv && *rv > 0) {
        from.from = *rv;
        MZ_TRY(store->cache().backfill(*rv, Deadline::after(kBackfillMax)));
      }
    }
    return store->cache().subscribe(
        std::move(filter), from, [&resource, on_events = sink.on_events](const std::vector<Change>& changes) {
          std::vector<WatchEvent> events;
          events.reserve(changes.size());
          for (const Change& change : changes) {
            switch (change.type) {
              case Change::Type::Added:
                events.push_back({WatchEvent::Type::Added, change.entry->object()});
                break;
              case Change::Type::Modified:
                events.push_back({WatchEvent::Type::Modified, change.entry->object()});
                break;
              case Change::Type::Deleted:
                events.push_back({WatchEvent::Type::Deleted, change.entry->object()});
                break;
              case Change::Type::Bookmark:
                events.push_back({WatchEvent::Type::Bookmark, bookmark_of(resource, change)});
                break;
            }
          }
          on_events(std::move(events));
        });
  };
  auto subscription = start();
  if (!subscription.ok()) {
    sink.on_end(subscription.error());
    return std::make_unique<EndedWatch>();
  }
  return std::make_unique<LoopbackWatch>(std::move(*subscription));
}

Result<Object> Loopback::create(const api::ResourceInfo& resource, const Object& object,
                                const client::WriteOptions& options, const client::Call& call) {
  count("POST", resource);
  const WriteContext context = context_of(resource, options, call);
  if (options.subresource == "binding") {
    const auto* binding = object.as<api::core::v1::Binding>();
    if (!binding) return Error(Code::BadRequest, "a binding takes a Binding");
    MZ_TRY(core_.bind(*binding, context));
    return object;
  }
  if (options.subresource == "eviction") {
    const auto* eviction = object.as<api::policy::v1::Eviction>();
    MZ_TRY(core_.evict(
        object.meta().namespace_, object.meta().name,
        eviction && eviction->deleteOptions ? *eviction->deleteOptions : meta::v1::DeleteOptions(), context));
    return object;
  }
  if (!options.subresource.empty())
    return Error(Code::NotFound, "the server could not find the requested resource");
  MZ_ASSIGN(ResourceStore* const store, store_of(resource));
  MZ_ASSIGN(const EntryPtr made, store->create(machinery::MutableObject(object), context));
  return made->object();
}

Result<Object> Loopback::update(const api::ResourceInfo& resource, const Object& object,
                                const client::WriteOptions& options, const client::Call& call) {
  count("PUT", resource);
  MZ_ASSIGN(ResourceStore* const store, store_of(resource));
  const WriteContext context = context_of(resource, options, call);
  const auto& meta = object.meta();
  if (options.subresource == "finalize") {
    MZ_ASSIGN(const EntryPtr entry, core_.finalize_namespace(meta.name, object, context));
    return entry->object();
  }
  if (options.subresource == "scale") {
    const auto* scale = object.as<api::autoscaling::v1::Scale>();
    if (!scale) return Error(Code::BadRequest, "a scale update takes a Scale");
    MZ_ASSIGN(auto made, core_.put_scale(resource, meta.namespace_, meta.name, *scale, context));
    return Object::of(std::move(made));
  }
  ResourceStore::UpdateOptions how;
  how.kind = options.subresource == "status" ? UpdateKind::Status : UpdateKind::Main;
  MZ_ASSIGN(const EntryPtr entry, store->update(
                                      meta.namespace_, meta.name,
                                      [&](const Entry&) -> Result<machinery::MutableObject> {
                                        return machinery::MutableObject(object);
                                      },
                                      how, context));
  return entry->object();
}

Result<Object> Loopback::patch(const api::ResourceInfo& resource, const std::string& ns,
                               const std::string& name, client::PatchType type, const std::string& body,
                               const client::WriteOptions& options, const client::Call& call) {
  count("PATCH", resource);
  MZ_ASSIGN(ResourceStore* const store, store_of(resource));
  PatchRequest request;
  request.type = type;
  request.version = &resource.versions[0];
  MZ_ASSIGN(request.patch, parse_patch(type, body));
  ResourceStore::UpdateOptions how;
  how.kind = options.subresource == "status" ? UpdateKind::Status : UpdateKind::Main;
  MZ_ASSIGN(
      const EntryPtr entry,
      store->update(
          ns, name, [&](const Entry& old) { return apply_patch(resource, old.object(), request, nullptr); },
          how, context_of(resource, options, call)));
  return entry->object();
}

Result<Object> Loopback::remove(const api::ResourceInfo& resource, const std::string& ns,
                                const std::string& name, const meta::v1::DeleteOptions& options,
                                const client::Call& call) {
  count("DELETE", resource);
  MZ_ASSIGN(ResourceStore* const store, store_of(resource));
  MZ_ASSIGN(const Deletion gone, store->remove(ns, name, options, context_of(resource, {}, call)));
  return gone.entry->object();
}

}  // namespace mizzen::apiserver
