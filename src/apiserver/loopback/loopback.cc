#include "apiserver/loopback/loopback.h"
#include "apiserver/allocate/terms/term_keeper.h"

#include <fmt/format.h>

#include <algorithm>

#include "apiserver/registry/patching.h"
#include "apiserver/request/options.h"
#include "apiserver/subresources/parts.h"
#include "base/strings.h"
#include "client/api/guarded_sink.h"

namespace mizzen::apiserver {
namespace {

using api::Verb;
using client::PackedPtr;
using client::Seen;
using client::WatchEvent;

Object bookmark_of(const api::ResourceInfo& resource, int64_t revision, bool initial_end) {
  machinery::MutableObject object(resource.message());
  object.meta().resourceVersion = std::to_string(revision);
  if (initial_end) object.meta().annotations.set("k8s.io/initial-events-end", "true");
  return std::move(object).freeze();
}

/// What is told on the lane goes to the component's sink, many events at a time; after close() nothing does.
class LoopbackSink final : public WatcherSink {
 public:
  /// Events gathered before they are handed over.
  static constexpr size_t kGatheredMax = 256;

  LoopbackSink(const api::ResourceInfo& resource, client::WatchSink sink)
      : resource_(resource.share()), component_(std::move(sink)) {}

  bool on_object(const EntryPtr& entry) override { return gather(WatchEvent::Type::Added, PackedPtr(entry)); }
  bool on_change(const ChangePtr& change, ChangeType as) override {
    const bool left = as == ChangeType::Deleted && change->type() != ChangeType::Deleted;
    const WatchEvent::Type type = as == ChangeType::Added      ? WatchEvent::Type::Added
                                  : as == ChangeType::Modified ? WatchEvent::Type::Modified
                                                               : WatchEvent::Type::Deleted;
    return gather(type, PackedPtr(left ? change->departed() : change->entry()));
  }
  bool on_bookmark(int64_t revision, bool initial_end) override {
    return gather(WatchEvent::Type::Bookmark, bookmark_of(*resource_, revision, initial_end));
  }
  void on_end(const Error& error) override {
    flush();
    subscription = nullptr;  // they hold each other
    component_.end(error);
  }
  void flush() override {
    if (gathered_.empty()) return;
    std::vector<WatchEvent> events = std::move(gathered_);
    gathered_.clear();
    component_.tell(std::move(events));
  }

  void close() { component_.close(); }
  bool closed() const { return component_.closed(); }
  std::shared_ptr<Subscription> subscription;  ///< on the lane only

 private:
  bool gather(WatchEvent::Type type, Seen object) {
    gathered_.push_back({type, std::move(object)});
    if (gathered_.size() >= kGatheredMax) flush();
    return true;
  }

  const api::ResourcePtr resource_;
  client::GuardedSink component_;
  std::vector<WatchEvent> gathered_;  ///< on the lane only
};

class LoopbackWatch final : public client::Watch {
 public:
  LoopbackWatch(Lane& lane, std::shared_ptr<LoopbackSink> sink) : lane_(lane), sink_(std::move(sink)) {}
  ~LoopbackWatch() override {
    sink_->close();
    lane_.post([sink = sink_] {
      if (const auto s = std::exchange(sink->subscription, nullptr)) s->close();
    });
  }

 private:
  Lane& lane_;
  const std::shared_ptr<LoopbackSink> sink_;
};

/// A watch that could not start: the sink has been told.
class EndedWatch final : public client::Watch {};

}  // namespace

Loopback::Loopback(Deps deps, auth::User user)
    : core_(deps.core),
      authorizer_(deps.authorizer),
      user_(std::move(user)),
      requests_(deps.metrics ? &deps.metrics->counters(
                                   "mizzen_loopback_requests_total",
                                   "Requests of components in this process, which do not go over HTTP.",
                                   {"user", "verb", "group", "resource"})
                             : nullptr) {}

Result<StorePtr> Loopback::enter(const Asked& asked) {
  const api::ResourceInfo& resource = asked.resource;
  if (requests_)
    requests_->with({user_.name, std::string(asked.counted), std::string(resource.group()), resource.plural})
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
  if (!asked.subresource.empty() && !row) return no_such_resource();
  StorePtr store = core_.find(resource);
  if (!store && resource.stored()) return no_such_resource();
  if (!store || (row && !row->allows(asked.verb))) return no_such_method();
  return store;
}

RequestContextPtr Loopback::context_of(const Asked& asked, const client::WriteOptions& options,
                                       const client::Call& call) const {
  auto out = std::make_shared<RequestContext>();
  out->user = user_;
  out->verb = asked.verb;
  out->resource = asked.resource.share();
  out->subresource = asked.subresource.empty() ? nullptr : asked.resource.find_subresource(asked.subresource);
  out->namespace_ = asked.namespace_;
  out->name = asked.name;
  out->api_version = asked.resource.api_version();
  out->field_manager = options.field_manager;
  out->dry_run = options.dry_run;
  out->deadline = call.until(core_.clock());
  out->stop = call.stop;
  if (call.term) out->fence = term_key(call.term->namespace_, call.term->lease, call.term->holder);
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
  MZ_ASSIGN(const StorePtr store, enter({Verb::Get, "GET", resource, "", ns, name}));
  MZ_ASSIGN(const EntryPtr entry, store->get(ns, name, call.until(core_.clock())));
  return entry->object();
}

Result<client::ObjectList> Loopback::list(const api::ResourceInfo& resource,
                                          const client::ListOptions& options, const client::Call& call) {
  MZ_ASSIGN(const StorePtr store, enter({Verb::List, "LIST", resource, "", options.namespace_, ""}));
  MZ_ASSIGN(const Filter filter,
            make_filter(resource, options.namespace_, options.label_selector, options.field_selector));
  if (options.resource_version.empty()) {
    const Deadline deadline = call.until(core_.clock());
    MZ_ASSIGN(const store::Revision now, core_.store().current_revision(deadline));
    MZ_TRY(store->cache().wait_for(now.get(), deadline));
  }
  const auto page = store->cache().list(filter, options.continue_token,
                                        static_cast<size_t>(std::max<int64_t>(0, options.limit)));
  client::ObjectList out;
  out.resource_version = std::to_string(page.revision);
  if (page.more) out.continue_token = std::string(page.entries.back()->key());
  out.items.reserve(page.entries.size());
  for (const EntryPtr& entry : page.entries) out.items.push_back(entry->object());
  return out;
}

std::unique_ptr<client::Watch> Loopback::watch(const api::ResourceInfo& resource,
                                               const client::ListOptions& options, client::WatchSink sink) {
  const auto refuse = [&](const Error& error) {
    sink.on_end(error);
    return std::make_unique<EndedWatch>();
  };
  const auto store = enter({Verb::Watch, "WATCH", resource, "", options.namespace_, ""});
  if (!store.ok()) return refuse(store.error());
  auto filter = make_filter(resource, options.namespace_, options.label_selector, options.field_selector);
  if (!filter.ok()) return refuse(filter.error());
  WatchStart start;
  start.bookmarks = options.allow_bookmarks;
  start.initial_end_bookmark = options.send_initial_events && options.allow_bookmarks;
  if (!options.send_initial_events) {
    const auto rv = parse_int<int64_t>(options.resource_version);
    if (rv && *rv > 0) start.from = *rv;
  }
  Lane& lane = core_.lane();
  auto told = std::make_shared<LoopbackSink>(resource, std::move(sink));
  lane.post([&lane, told, start, filter = std::move(*filter), kept = *store]() mutable {
    if (told->closed()) return;
    auto subscription = kept->cache().subscribe(lane, std::move(filter), start, told);
    if (!subscription.ok()) return told->on_end(subscription.error());
    told->subscription = std::move(*subscription);
  });
  return std::make_unique<LoopbackWatch>(lane, std::move(told));
}

Result<Object> Loopback::create(const api::ResourceInfo& resource, const Object& object,
                                const client::WriteOptions& options, const client::Call& call) {
  const auto& meta = object.meta();
  // A creation is asked for in the collection: only subresources have a name above them.
  const Asked asked{Verb::Create,        "POST",          resource,
                    options.subresource, meta.namespace_, options.subresource.empty() ? "" : meta.name};
  MZ_ASSIGN(const StorePtr store, enter(asked));
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
  MZ_ASSIGN(const StorePtr store, enter(asked));
  const auto context = context_of(asked, options, call);
  if (context->subresource && context->subresource->handled == api::Handled::Part)
    return part(asked, object, options, call);
  return written(*store, context, [object](const Entry&) -> Result<machinery::MutableObject> {
    return machinery::MutableObject(object);
  });
}

Result<Object> Loopback::written(ResourceStore& store, const RequestContextPtr& context, NextState change) {
  UpdateOptions options;
  if (context->subresource) options.part = context->subresource->id;
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
  MZ_ASSIGN(const StorePtr store, enter(asked));
  const auto context = context_of(asked, options, call);
  if (context->subresource && context->subresource->handled == api::Handled::Part)
    return Error(Code::MethodNotAllowed, "components write this subresource whole");
  const PatchRequest request = read_patch(type, resource.versions[0], body, FieldValidation::Ignore);
  return written(*store, context, [kept = context->resource, request](const Entry& old) {
    return apply_patch(*kept, old.object(), request, nullptr);
  });
}

Result<Object> Loopback::remove(const api::ResourceInfo& resource, const std::string& ns,
                                const std::string& name, const meta::v1::DeleteOptions& options,
                                const client::Call& call) {
  const Asked asked{Verb::Delete, "DELETE", resource, "", ns, name};
  MZ_ASSIGN(const StorePtr store, enter(asked));
  MZ_TRY(check_delete_options(options));
  const auto context = context_of(asked, {}, call);
  context->dry_run = !options.dryRun.empty();
  MZ_ASSIGN(const Deletion gone, await<Deletion>(call.stop, [&](ResourceStore::Done<Deletion> done) {
              store->remove(context, ns, name, options, true, std::move(done));
            }));
  return store->last_state(gone)->object();
}

}  // namespace mizzen::apiserver
