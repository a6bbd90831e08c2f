#include "apiserver/loopback/loopback.h"

#include <fmt/format.h>

#include "apiserver/registry/patching.h"
#include "apiserver/request/options.h"
#include "apiserver/subresources/parts.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using api::Verb;
using client::WatchEvent;

/// How long a watch may wait for what the store remembers from before the cache.
constexpr Duration kBackfillMax = std::chrono::seconds(10);

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

Loopback::Loopback(Deps deps, auth::User user)
    : core_(deps.core),
      authorizer_(deps.authorizer),
      user_(std::move(user)),
      requests_(deps.metrics ? &deps.metrics->counters(
                                   "mizzen_loopback_requests_total",
                                   "Requests of components in this process, which do not go over HTTP.",
                                   {"user", "verb", "group", "resource"})
                             : nullptr) {}

Result<ResourceStore*> Loopback::enter(const Asked& asked) {
  const api::ResourceInfo& resource = asked.resource;
  if (requests_)
    requests_
        ->with({user_.name, std::string(asked.counted), std::string(resource.group()),
                std::string(resource.plural)})
        .add();
  auth::RequestInfo info;
  info.is_resource = true;
  info.verb = asked.verb;
  info.group = resource.group();
  info.version = resource.version();
  info.resource = resource.plural;
  info.subresource = asked.subresource;
  info.namespace_ = asked.namespace_;
  info.name = asked.name;
  MZ_TRY(auth::authorize(authorizer_, user_, info));
  const api::SubresourceRow* row =
      asked.subresource.empty() ? nullptr : resource.find_subresource(asked.subresource);
  if (!asked.subresource.empty() && !row)
    return Error(Code::NotFound, "the server could not find the requested resource");
  ResourceStore* store = core_.find(resource);
  if (!store || (row && !row->allows(asked.verb)))
    return Error(Code::MethodNotAllowed, "the server does not allow this method on the requested resource");
  return store;
}

RequestContextPtr Loopback::context_of(const Asked& asked, const client::WriteOptions& options,
                                       const client::Call& call) const {
  auto out = std::make_shared<RequestContext>();
  out->user = user_;
  out->verb = asked.verb;
  out->resource = &asked.resource;
  out->subresource = asked.subresource.empty() ? nullptr : asked.resource.find_subresource(asked.subresource);
  out->namespace_ = asked.namespace_;
  out->name = asked.name;
  out->api_version = asked.resource.api_version();
  out->field_manager = options.field_manager;
  out->dry_run = options.dry_run;
  out->deadline = call.deadline;
  out->stop = call.stop;
  return out;
}

Result<Object> Loopback::part(const Asked& asked, const Object& object, const client::WriteOptions& options,
                              const client::Call& call) {
  PartRequest request{context_of(asked, options, call), object, nullptr};
  MZ_ASSIGN(const Object answer,
            await<Object>(call.stop, [&](PartDone done) { answer_part(core_, request, std::move(done)); }));
  return answer ? answer : object;
}

Result<Object> Loopback::get(const api::ResourceInfo& resource, const std::string& ns,
                             const std::string& name, const client::Call& call) {
  MZ_ASSIGN(ResourceStore* const store, enter({Verb::Get, "GET", resource, "", ns, name}));
  MZ_ASSIGN(const EntryPtr entry, store->get(ns, name, call.deadline));
  return entry->object();
}

Result<client::ObjectList> Loopback::list(const api::ResourceInfo& resource,
                                          const client::ListOptions& options, const client::Call& call) {
  MZ_ASSIGN(ResourceStore* const store, enter({Verb::List, "LIST", resource, "", options.namespace_, ""}));
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
  const auto start = [&]() -> Result<std::unique_ptr<Subscription>> {
    MZ_ASSIGN(ResourceStore* const store,
              enter({Verb::Watch, "WATCH", resource, "", options.namespace_, ""}));
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
  const auto& meta = object.meta();
  // A creation is asked for in the collection: only subresources have a name above them.
  const Asked asked{Verb::Create,        "POST",          resource,
                    options.subresource, meta.namespace_, options.subresource.empty() ? "" : meta.name};
  MZ_ASSIGN(ResourceStore* const store, enter(asked));
  if (!options.subresource.empty()) return part(asked, object, options, call);
  const auto context = context_of(asked, options, call);
  MZ_ASSIGN(const EntryPtr made, await<EntryPtr>(call.stop, [&](ResourceStore::Done<EntryPtr> done) {
              store->create(context, machinery::MutableObject(object), std::move(done));
            }));
  return made->object();
}

Result<Object> Loopback::update(const api::ResourceInfo& resource, const Object& object,
                                const client::WriteOptions& options, const client::Call& call) {
  const auto& meta = object.meta();
  const Asked asked{Verb::Update, "PUT", resource, options.subresource, meta.namespace_, meta.name};
  MZ_ASSIGN(ResourceStore* const store, enter(asked));
  const auto context = context_of(asked, options, call);
  if (context->subresource && context->subresource->handled == api::Handled::Part)
    return part(asked, object, options, call);
  return written(*store, context, [object](const Entry&) -> Result<machinery::MutableObject> {
    return machinery::MutableObject(object);
  });
}

Result<Object> Loopback::written(ResourceStore& store, const RequestContextPtr& context, NextState change) {
  UpdateOptions options;
  options.kind = context->subresource ? UpdateKind::Status : UpdateKind::Main;
  MZ_ASSIGN(const Updated made, await<Updated>(context->stop, [&](ResourceStore::Done<Updated> done) {
              store.update(context, context->namespace_, context->name, std::move(change), options,
                           std::move(done));
            }));
  return made.entry->object();
}

Result<Object> Loopback::patch(const api::ResourceInfo& resource, const std::string& ns,
                               const std::string& name, client::PatchType type, const std::string& body,
                               const client::WriteOptions& options, const client::Call& call) {
  const Asked asked{Verb::Patch, "PATCH", resource, options.subresource, ns, name};
  MZ_ASSIGN(ResourceStore* const store, enter(asked));
  const auto context = context_of(asked, options, call);
  if (context->subresource && context->subresource->handled == api::Handled::Part)
    return Error(Code::MethodNotAllowed, "components write this subresource whole");
  PatchRequest request;
  request.type = type;
  request.version = &resource.versions[0];
  MZ_ASSIGN(request.patch, parse_patch(type, body));
  return written(*store, context, [&resource, request](const Entry& old) {
    return apply_patch(resource, old.object(), request, nullptr);
  });
}

Result<Object> Loopback::remove(const api::ResourceInfo& resource, const std::string& ns,
                                const std::string& name, const meta::v1::DeleteOptions& options,
                                const client::Call& call) {
  const Asked asked{Verb::Delete, "DELETE", resource, "", ns, name};
  MZ_ASSIGN(ResourceStore* const store, enter(asked));
  MZ_TRY(check_delete_options(options));
  const auto context = context_of(asked, {}, call);
  context->dry_run = !options.dryRun.empty();
  MZ_ASSIGN(const Deletion gone, await<Deletion>(call.stop, [&](ResourceStore::Done<Deletion> done) {
              store->remove(context, ns, name, options, true, std::move(done));
            }));
  return store->last_state(gone)->object();
}

}  // namespace mizzen::apiserver
