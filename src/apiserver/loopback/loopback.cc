#include "apiserver/loopback/loopback.h"

#include <fmt/format.h>

#include "api/schema/policy/v1/eviction.h"
#include "apiserver/registry/patching.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using client::WatchEvent;

WriteContext context_of(const api::ResourceInfo& resource, const client::WriteOptions& options,
                        const client::Call& call) {
  WriteContext out;
  out.api_version = resource.api_version();
  out.dry_run = options.dry_run;
  out.deadline = call.deadline;
  return out;
}

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
      : resource_(resource), sink_(std::move(sink)) {}

  bool on_object(const EntryPtr& entry) override { return gather(WatchEvent::Type::Added, entry->object()); }
  bool on_change(const ChangePtr& change, ChangeType as) override {
    const bool left = as == ChangeType::Deleted && change->type() != ChangeType::Deleted;
    const WatchEvent::Type type = as == ChangeType::Added      ? WatchEvent::Type::Added
                                  : as == ChangeType::Modified ? WatchEvent::Type::Modified
                                                               : WatchEvent::Type::Deleted;
    return gather(type, (left ? *change->departed() : *change->entry()).object());
  }
  bool on_bookmark(int64_t revision, bool initial_end) override {
    return gather(WatchEvent::Type::Bookmark, bookmark_of(resource_, revision, initial_end));
  }
  void on_end(const Error& error) override {
    flush();
    Lock lock(m_);
    if (!std::exchange(closed_, true)) sink_.on_end(error);
  }
  void flush() override {
    if (gathered_.empty()) return;
    std::vector<WatchEvent> events = std::move(gathered_);
    gathered_.clear();
    Lock lock(m_);
    if (!closed_) sink_.on_events(std::move(events));
  }

  /// Waits for a running call, unless it is made from one.
  void close(const Lane& lane) {
    if (lane.here()) {
      // Within our own call the lock is held further up this very stack.
      if (m_.try_lock()) {
        closed_ = true;
        m_.unlock();
      }
      return;
    }
    Lock lock(m_);
    closed_ = true;
  }
  bool closed() {
    Lock lock(m_);
    return closed_;
  }
  std::shared_ptr<Subscription> subscription;  ///< on the lane only

 private:
  bool gather(WatchEvent::Type type, Object object) {
    gathered_.push_back({type, std::move(object)});
    if (gathered_.size() >= kGatheredMax) flush();
    return true;
  }

  const api::ResourceInfo& resource_;
  const client::WatchSink sink_;
  std::vector<WatchEvent> gathered_;  ///< on the lane only
  Mutex m_;                           ///< held while the component's sink runs
  bool closed_ MZ_GUARDED_BY(m_) = false;
};

class LoopbackWatch final : public client::Watch {
 public:
  LoopbackWatch(Lane& lane, std::shared_ptr<LoopbackSink> sink) : lane_(lane), sink_(std::move(sink)) {}
  ~LoopbackWatch() override {
    sink_->close(lane_);
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
  const auto refuse = [&](const Error& error) {
    sink.on_end(error);
    return std::make_unique<EndedWatch>();
  };
  const auto store = store_of(resource);
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
  lane.post([&lane, told, start, filter = std::move(*filter), cache = &(*store)->cache()]() mutable {
    if (told->closed()) return;
    auto subscription = cache->subscribe(lane, std::move(filter), start, told);
    if (!subscription.ok()) return told->on_end(subscription.error());
    told->subscription = std::move(*subscription);
  });
  return std::make_unique<LoopbackWatch>(lane, std::move(told));
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
