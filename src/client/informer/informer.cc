#include "client/informer/informer.h"

#include <fmt/format.h>

#include <algorithm>

#include "async/mutex.h"
#include "telemetry/log.h"

namespace mizzen::client {
namespace {
constexpr Duration kBackoffMin = std::chrono::milliseconds(800);
constexpr Duration kBackoffMax = std::chrono::seconds(30);
/// A connection that lasted this long starts the back-off anew.
constexpr Duration kBackoffReset = std::chrono::minutes(2);
/// Until an executor that had no room is tried again.
constexpr uint64_t kFullWaitMs = 1000;
}  // namespace

std::string key_of(const meta::v1::ObjectMeta& meta) {
  return meta.namespace_.empty() ? meta.name : meta.namespace_ + "/" + meta.name;
}
std::string key_of(const Object& object) { return key_of(object.meta()); }
std::pair<std::string, std::string> split_key(const std::string& key) {
  const size_t slash = key.find('/');
  if (slash == std::string::npos) return {"", key};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

/// Everything runs on `serial`: events, handlers, reconnects. The map is also read by others, under `m`.
struct Informer::State : std::enable_shared_from_this<Informer::State> {
  State(const ResourceInfo& r, Deps d, Options o)
      : resource(r.share()), deps(d), options(std::move(o)), serial(d.runtime.executor) {}

  const api::ResourcePtr resource;
  const Deps deps;
  const Options options;
  SerialQueue serial;
  std::vector<InformerHandler> handlers;
  std::map<std::string, Index> indexers;

  mutable Mutex m;
  mutable CondVar changed;
  std::map<std::string, Object> objects MZ_GUARDED_BY(m);
  std::map<std::string, std::map<std::string, std::map<std::string, Object>>> indexes MZ_GUARDED_BY(m);
  bool synced MZ_GUARDED_BY(m) = false;
  bool stopped MZ_GUARDED_BY(m) = false;
  bool handling MZ_GUARDED_BY(m) = false;
  std::unique_ptr<Watch> watch MZ_GUARDED_BY(m);

  // Only on `serial`:
  std::string revision;
  Duration backoff = kBackoffMin;
  Monotonic connected_at{};
  uint64_t generation = 0;                 ///< of the present watch: late calls of an old one are ignored
  std::map<std::string, Object> incoming;  ///< while initial events stream in
  std::set<std::string> listed;            ///< likewise, where no objects are kept: their uids
  bool listing = false;

  bool is_stopped() const {
    Lock lock(m);
    return stopped;
  }

  void connect() {
    if (!begin()) return;
    ++generation;
    ListOptions scope = options.scope;
    scope.resource_version = revision;
    scope.send_initial_events = revision.empty();
    listing = revision.empty();
    incoming.clear();
    listed.clear();
    connected_at = deps.runtime.clock.monotonic();
    WatchSink sink;
    sink.on_events = [weak = weak_from_this(), g = generation](std::vector<WatchEvent> events) {
      auto s = weak.lock();
      if (!s || s->serial.post(
                    [s, g, events = std::move(events)]() mutable { s->on_events(g, std::move(events)); }))
        return;
      // The executor is full: what was lost is unknown, so the whole list is fetched again once there is
      // room.
      log::warn("client", "an informer fell behind and lists again",
                {log::kv("resource", s->resource->plural)});
      s->reconnect_later(s->deps.runtime.random.below(1000) + 500, true);
    };
    sink.on_end = [weak = weak_from_this(), g = generation](Error error) {
      auto s = weak.lock();
      if (!s || s->serial.post([s, g, error] { s->on_end(g, error); })) return;
      s->reconnect_later(kFullWaitMs, true);
    };
    auto made = deps.api.watch(*resource, scope, std::move(sink));
    std::unique_ptr<Watch> old;
    {
      Lock lock(m);
      old = std::move(watch);
      if (!stopped) watch = std::move(made);
    }
    old.reset();
    made.reset();
    end();
  }

  void on_events(uint64_t g, std::vector<WatchEvent> events) {
    if (g != generation || !begin()) return;
    for (WatchEvent& e : events) apply(e);
    end();
  }

  /// False where the informer has been stopped; else stop() waits for end().
  bool begin() {
    Lock lock(m);
    handling = !stopped;
    return handling;
  }
  void end() {
    Lock lock(m);
    handling = false;
    changed.notify_all();
  }

  void apply(WatchEvent& e) {
    const auto& meta = e.object.meta();
    if (!meta.resourceVersion.empty()) revision = listing ? revision : meta.resourceVersion;
    if (e.type == WatchEvent::Type::Bookmark) {
      if (listing && meta.annotations.contains("k8s.io/initial-events-end")) {
        listing = false;
        revision = meta.resourceVersion;
        replace();
      }
      return;
    }
    if (!options.keeps_objects) return pass_on(e);
    const std::string key = key_of(meta);
    if (listing) {
      if (e.type == WatchEvent::Type::Deleted) {
        incoming.erase(key);
      } else {
        incoming[key] = e.object;
      }
      return;
    }
    if (e.type == WatchEvent::Type::Deleted) {
      forget(key, e.object);
    } else {
      store(key, e.object);
    }
  }

  void pass_on(const WatchEvent& e) {
    const bool gone = e.type == WatchEvent::Type::Deleted;
    const std::string& uid = e.object.meta().uid;
    if (listing && gone) listed.erase(uid);
    if (listing && !gone) listed.insert(uid);
    for (const InformerHandler& h : handlers) {
      const auto& tell = gone ? h.on_delete : h.on_add;
      if (tell) tell(e.object);
    }
  }

  void replace() {
    if (!options.keeps_objects) {
      for (const InformerHandler& h : handlers)
        if (h.on_listed) h.on_listed(listed);
      listed.clear();
    }
    std::vector<std::pair<std::string, Object>> gone;
    {
      Lock lock(m);
      for (const auto& [key, object] : objects)
        if (!incoming.contains(key)) gone.emplace_back(key, object);
    }
    for (const auto& [key, object] : gone) forget(key, object);
    for (const auto& [key, object] : incoming) store(key, object);
    incoming.clear();
    Lock lock(m);
    synced = true;
    changed.notify_all();
  }

  void store(const std::string& key, const Object& object) {
    Object old;
    {
      Lock lock(m);
      Object& slot = objects[key];
      old = slot;
      if (old && old.meta().resourceVersion == object.meta().resourceVersion) return;
      if (old) unindex(key, old);
      slot = object;
      for (const auto& [name, index] : indexers)
        for (const std::string& value : index(object)) indexes[name][value][key] = object;
    }
    // Another one under the same name, seen after a gap: the first has gone, whoever looks at uids must know.
    const bool another = old && old.meta().uid != object.meta().uid;
    for (const InformerHandler& h : handlers) {
      if (another && h.on_delete) h.on_delete(old);
      if (!old || another) {
        if (h.on_add) h.on_add(object);
      } else if (h.on_update) {
        h.on_update(old, object);
      }
    }
  }

  void unindex(const std::string& key, const Object& old) MZ_REQUIRES(m) {
    for (const auto& [name, index] : indexers) {
      auto& values = indexes[name];
      for (const std::string& value : index(old)) {
        const auto it = values.find(value);
        if (it == values.end()) continue;
        it->second.erase(key);
        if (it->second.empty()) values.erase(it);
      }
    }
  }

  void forget(const std::string& key, const Object& last) {
    {
      Lock lock(m);
      const auto it = objects.find(key);
      if (it == objects.end()) return;
      unindex(key, it->second);
      objects.erase(it);
    }
    for (const InformerHandler& h : handlers)
      if (h.on_delete) h.on_delete(last);
  }

  void reconnect_later(uint64_t milliseconds, bool anew) {
    deps.runtime.timers.after(std::chrono::milliseconds(milliseconds), [weak = weak_from_this(), anew] {
      auto s = weak.lock();
      if (!s) return;
      const bool queued = s->serial.post([s, anew] {
        if (anew) s->revision.clear();
        s->connect();
      });
      if (!queued) s->reconnect_later(kFullWaitMs, anew);
    });
  }

  void on_end(uint64_t g, const Error& error) {
    if (g != generation || is_stopped()) return;
    if (error.code() == Code::Expired || error.code() == Code::Gone) revision.clear();
    if (listing) revision.clear();
    if (deps.runtime.clock.monotonic() - connected_at > kBackoffReset) backoff = kBackoffMin;
    const auto wait = Duration(
        static_cast<int64_t>(static_cast<double>(backoff.count()) * (1 + deps.runtime.random.unit())));
    backoff = std::min(kBackoffMax, backoff * 2);
    log::verbose(2, "client", "watch ended, going on",
                 {log::kv("resource", resource->plural), log::kv("err", error.message())});
    reconnect_later(
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(wait).count()), false);
  }
};

Informer::Informer(const ResourceInfo& resource, Deps deps, Options options)
    : state_(std::make_shared<State>(resource, deps, std::move(options))) {}

Informer::~Informer() { stop(); }

void Informer::add_handler(InformerHandler handler) { state_->handlers.push_back(std::move(handler)); }
void Informer::add_index(const std::string& name, Index index) { state_->indexers[name] = std::move(index); }

void Informer::start() {
  if (!state_->serial.post([s = state_] { s->connect(); })) state_->reconnect_later(kFullWaitMs, false);
}

void Informer::stop() {
  std::unique_ptr<Watch> watch;
  {
    Lock lock(state_->m);
    state_->stopped = true;
    watch = std::move(state_->watch);
  }
  watch.reset();
  Lock lock(state_->m);
  while (state_->handling) state_->changed.wait(state_->m);
}

bool Informer::synced() const {
  Lock lock(state_->m);
  return state_->synced;
}

bool Informer::wait_synced(Deadline deadline) const {
  Lock lock(state_->m);
  while (!state_->synced)
    if (state_->stopped || !state_->changed.wait_until(state_->m, deadline)) return state_->synced;
  return true;
}

Object Informer::get(const std::string& ns, const std::string& name) const {
  Lock lock(state_->m);
  const auto it = state_->objects.find(ns.empty() ? name : ns + "/" + name);
  return it == state_->objects.end() ? Object() : it->second;
}

std::vector<Object> Informer::list(const std::string& ns) const {
  std::vector<Object> out;
  Lock lock(state_->m);
  const std::string prefix = ns.empty() ? "" : ns + "/";
  for (auto it = state_->objects.lower_bound(prefix);
       it != state_->objects.end() && it->first.starts_with(prefix); ++it)
    out.push_back(it->second);
  return out;
}

std::vector<Object> Informer::by_index(const std::string& index, const std::string& value) const {
  std::vector<Object> out;
  Lock lock(state_->m);
  const auto i = state_->indexes.find(index);
  if (i == state_->indexes.end()) return out;
  const auto v = i->second.find(value);
  if (v == i->second.end()) return out;
  for (const auto& [key, object] : v->second) out.push_back(object);
  return out;
}

size_t Informer::size() const {
  Lock lock(state_->m);
  return state_->objects.size();
}

}  // namespace mizzen::client
