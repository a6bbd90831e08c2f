#include "client/informer/informer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "async/mutex.h"
#include "base/check.h"
#include "client/informer/view.h"
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
std::pair<std::string, std::string> split_key(const std::string& key) {
  const size_t slash = key.find('/');
  if (slash == std::string::npos) return {"", key};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

/// Everything runs on `serial`: events, handlers, reconnects. The view is also read by others, under `m`.
struct Informer::State : std::enable_shared_from_this<Informer::State> {
  State(const ResourceInfo& r, Deps d, Options o)
      : resource(r.share()), deps(d), options(std::move(o)), serial(d.runtime.executor) {}

  const api::ResourcePtr resource;
  const Deps deps;
  const Options options;
  SerialQueue serial;
  std::vector<InformerHandler> handlers;
  std::vector<std::pair<std::string, Index>> indexers;  ///< in the view's order

  mutable Mutex m;
  mutable CondVar changed;
  View view MZ_GUARDED_BY(m);
  bool synced MZ_GUARDED_BY(m) = false;
  bool stopped MZ_GUARDED_BY(m) = false;
  bool handling MZ_GUARDED_BY(m) = false;
  std::unique_ptr<Watch> watch MZ_GUARDED_BY(m);

  // Only on `serial`:
  std::string revision;
  Duration backoff = kBackoffMin;
  Monotonic connected_at{};
  uint64_t generation = 0;                    ///< of the present watch: late calls of an old one are ignored
  std::map<std::string, PackedPtr> incoming;  ///< while initial events stream in
  std::set<std::string> listed;               ///< likewise, where no objects are kept: their uids
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
    for (const WatchEvent& e : events) apply(e);
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

  void apply(const WatchEvent& e) {
    if (e.type == WatchEvent::Type::Bookmark) return bookmark(e.object.meta());
    if (const std::string_view version = e.object.resource_version(); !listing && !version.empty())
      revision = version;
    const bool gone = e.type == WatchEvent::Type::Deleted;
    if (!options.keeps_objects) return pass_on(e.object, gone);
    const std::string key = e.object.key();
    if (listing && gone) {
      incoming.erase(key);
    } else if (listing) {
      incoming[key] = e.object.packed();
    } else if (gone) {
      forget(key, e.object);
    } else {
      store(key, e.object);
    }
  }

  void bookmark(const meta::v1::ObjectMeta& meta) {
    const bool list_ends = listing && meta.annotations.contains("k8s.io/initial-events-end");
    if (listing && !list_ends) return;
    if (list_ends || !meta.resourceVersion.empty()) revision = meta.resourceVersion;
    if (!list_ends) return;
    listing = false;
    replace();
  }

  void pass_on(const Seen& object, bool gone) {
    if (listing && gone) listed.erase(std::string(object.uid()));
    if (listing && !gone) listed.emplace(object.uid());
    for (const InformerHandler& h : handlers) {
      const auto& tell = gone ? h.on_delete : h.on_add;
      if (tell) tell(object);
    }
  }

  void replace() {
    if (!options.keeps_objects) {
      for (const InformerHandler& h : handlers)
        if (h.on_listed) h.on_listed(listed);
      listed.clear();
    }
    std::vector<std::string> gone;
    {
      Lock lock(m);
      gone = view.keys();
    }
    std::erase_if(gone, [this](const std::string& key) { return incoming.contains(key); });
    for (const std::string& key : gone) forget(key, find(key));
    for (auto& [key, packed] : incoming) store(key, Seen(std::move(packed)));
    incoming.clear();
    Lock lock(m);
    synced = true;
    changed.notify_all();
  }

  Seen find(const std::string& key) const {
    Lock lock(m);
    return view.find(key);
  }

  void store(const std::string& key, const Seen& now) {
    const Seen old = find(key);
    if (old && old.resource_version() == now.resource_version()) return;
    View::Values values;  // without the lock: an index may decode
    values.reserve(indexers.size());
    for (const auto& [name, index] : indexers) values.push_back(index(now));
    PackedPtr packed = now.packed();
    {
      Lock lock(m);
      view.put(key, std::move(packed), std::move(values));
    }
    // Another one under the same name, seen after a gap: the first has gone, whoever looks at uids must know.
    const bool another = old && old.uid() != now.uid();
    for (const InformerHandler& h : handlers) {
      if (another && h.on_delete) h.on_delete(old);
      if (!old || another) {
        if (h.on_add) h.on_add(now);
      } else if (h.on_update) {
        h.on_update(old, now);
      }
    }
  }

  void forget(const std::string& key, const Seen& last) {
    {
      Lock lock(m);
      if (!view.find(key)) return;
      view.remove(key);
    }
    for (const InformerHandler& h : handlers)
      if (h.on_delete) h.on_delete(last);
  }

  /// The number of an index; nothing where there is none of this name.
  std::optional<size_t> number_of(const std::string& index) const {
    for (size_t i = 0; i < indexers.size(); ++i)
      if (indexers[i].first == index) return i;
    return std::nullopt;
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
void Informer::add_index(const std::string& name, Index index) {
  MZ_CHECK(!state_->number_of(name), "two indexes are called {}", name);
  state_->indexers.emplace_back(name, std::move(index));
  Lock lock(state_->m);
  state_->view.add_index();
}

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

Seen Informer::get(std::string_view ns, std::string_view name) const {
  return state_->find(ns.empty() ? std::string(name) : fmt::format("{}/{}", ns, name));
}

std::vector<Seen> Informer::list(const std::string& ns) const {
  Lock lock(state_->m);
  auto found = state_->view.list(ns);
  return {std::make_move_iterator(found.begin()), std::make_move_iterator(found.end())};
}

std::vector<Seen> Informer::by_index(const std::string& index, const std::string& value) const {
  const auto number = state_->number_of(index);
  if (!number) return {};
  Lock lock(state_->m);
  auto found = state_->view.with(*number, value);
  return {std::make_move_iterator(found.begin()), std::make_move_iterator(found.end())};
}

size_t Informer::count(const std::string& index, const std::string& value) const {
  const auto number = state_->number_of(index);
  if (!number) return 0;
  Lock lock(state_->m);
  return state_->view.count(*number, value);
}

std::vector<std::string> Informer::index_values(const std::string& index) const {
  const auto number = state_->number_of(index);
  if (!number) return {};
  Lock lock(state_->m);
  return state_->view.values(*number);
}

size_t Informer::size() const {
  Lock lock(state_->m);
  return state_->view.size();
}

}  // namespace mizzen::client
