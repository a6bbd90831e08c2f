#include "client/events/event_recorder.h"

#include <fmt/format.h>

#include <deque>
#include <list>
#include <map>
#include <set>

#include "api/schema/core/v1/event.h"
#include "async/mutex.h"
#include "async/stop.h"
#include "base/strings.h"
#include "codec/json/json_text.h"
#include "telemetry/log.h"

namespace mizzen::client {
namespace {

using api::core::v1::Event;
using api::core::v1::ObjectReference;

constexpr int kAggregateAfter = 10;
constexpr Duration kAggregateWindow = std::chrono::minutes(10);
constexpr double kSpamBurst = 25;
constexpr double kSpamPerSecond = 1.0 / 300;
constexpr int kTries = 12;
constexpr Duration kTimeout = std::chrono::seconds(5);

std::string about_key(const ObjectReference& r) {
  return fmt::format("{}|{}|{}|{}|{}|{}", r.kind, r.namespace_, r.name, r.fieldPath, r.uid, r.apiVersion);
}

/// A map that forgets what was not used for longest.
template <typename T>
class Recent {
 public:
  T& operator[](const std::string& key) {
    const auto it = index_.find(key);
    if (it != index_.end()) {
      order_.splice(order_.begin(), order_, it->second);
      return order_.front().second;
    }
    order_.emplace_front(key, T());
    index_[key] = order_.begin();
    if (order_.size() > EventRecorder::kCorrelationsMax) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    return order_.front().second;
  }

 private:
  std::list<std::pair<std::string, T>> order_;
  std::map<std::string, typename std::list<std::pair<std::string, T>>::iterator> index_;
};

struct Bucket {
  double tokens = kSpamBurst;
  Monotonic at{};
};
struct Group {
  std::set<std::string> messages;
  Monotonic at{};
};
struct Written {
  std::string name;
  std::string namespace_;
  int32_t count = 0;
};

}  // namespace

struct EventRecorder::State : std::enable_shared_from_this<EventRecorder::State> {
  State(Deps d, Options o) : deps(d), options(std::move(o)), serial(d.runtime.executor) {}
  const Deps deps;
  const Options options;
  SerialQueue serial;
  StopSource ended;  ///< the recorder is gone: no more pauses, no more tries
  Mutex m;
  CondVar drained;
  size_t pending MZ_GUARDED_BY(m) = 0;
  // Only on `serial`:
  Recent<Bucket> spam;
  Recent<Group> groups;
  Recent<Written> written;

  bool allowed(const ObjectReference& about) {
    Bucket& b = spam[about_key(about)];
    const Monotonic now = deps.runtime.clock.monotonic();
    if (b.at != Monotonic{})
      b.tokens =
          std::min(kSpamBurst, b.tokens + std::chrono::duration<double>(now - b.at).count() * kSpamPerSecond);
    b.at = now;
    if (b.tokens < 1) return false;
    b.tokens -= 1;
    return true;
  }

  void record(const ObjectReference& about, const std::string& type, const std::string& reason,
              std::string message) {
    if (ended.token().stopped() || !allowed(about)) return;
    const std::string group_key = about_key(about) + "|" + type + "|" + reason;
    Group& group = groups[group_key];
    const Monotonic mono = deps.runtime.clock.monotonic();
    if (group.at != Monotonic{} && mono - group.at > kAggregateWindow) group.messages.clear();
    group.at = mono;
    if (group.messages.size() <= kAggregateAfter) group.messages.insert(message);
    std::string identity = group_key + "|" + message;
    if (group.messages.size() >= kAggregateAfter) {
      message = "(combined from similar events): " + message;
      identity = group_key;
    }
    const auto now = codec::Time::from(deps.runtime.clock.wall());
    Written& before = written[identity];
    if (before.count > 0 && bump(before, message, now)) return;
    Event event;
    // Upstream names events after their object and the moment in hexadecimal nanoseconds.
    event.metadata.name = fmt::format(
        "{}.{:x}", about.name, static_cast<uint64_t>(deps.runtime.clock.wall().time_since_epoch().count()));
    event.metadata.namespace_ = about.namespace_.empty() ? "default" : about.namespace_;
    event.involvedObject = about;
    event.reason = reason;
    event.message = message;
    event.source.component = options.component;
    event.source.host = options.host;
    event.firstTimestamp = event.lastTimestamp = now;
    event.count = 1;
    event.type = type;
    event.reportingComponent = options.component;
    event.reportingInstance = options.host;
    const std::string name = event.metadata.name, ns = event.metadata.namespace_;
    const auto made = write([&](const Call& call) { return create(deps.api, event, call); });
    if (made) before = Written{name, ns, 1};
  }

  /// Counts an event up; false where it is gone from the server.
  bool bump(Written& before, const std::string& message, codec::Time now) {
    std::string text;
    codec::append_json_string(text, message);
    const std::string body = fmt::format(R"({{"count":{},"message":{},"lastTimestamp":"{}"}})",
                                         before.count + 1, text, codec::format_time(now));
    const auto r =
        patch<Event>(deps.api, before.namespace_, before.name, PatchType::Strategic, body, new_call());
    if (r.ok()) {
      ++before.count;
      return true;
    }
    return r.error().code() != Code::NotFound;
  }

  Call new_call() const {
    Call call;
    call.timeout = kTimeout;
    call.stop = ended.token();
    return call;
  }

  template <typename F>
  bool write(F&& f) {
    for (int i = 0; i < kTries; ++i) {
      if (i > 0 && ended.token().wait_until(Deadline::after(options.retry_pause, deps.runtime.clock)))
        return false;
      const auto r = f(new_call());
      if (r.ok()) return true;
      if (!r.error().retryable()) {
        log::verbose(2, options.component, "event was refused", {log::kv("err", r.error().message())});
        return false;
      }
    }
    return false;
  }
};

EventRecorder::EventRecorder(Deps deps, Options options)
    : state_(std::make_shared<State>(deps, std::move(options))) {}
EventRecorder::~EventRecorder() { stop(); }

void EventRecorder::stop(Duration patience) {
  if (state_->ended.token().stopped()) return;
  flush(Deadline::after(patience, state_->deps.runtime.clock));
  state_->ended.stop();
}

void EventRecorder::event(const ObjectReference& about, std::string_view type, std::string_view reason,
                          std::string message) {
  {
    Lock lock(state_->m);
    if (state_->pending >= kPendingMax) return;
    ++state_->pending;
  }
  const bool queued =
      state_->serial.post([s = state_, about, type = std::string(type), reason = std::string(reason),
                           message = std::move(message)]() mutable {
        s->record(about, type, reason, std::move(message));
        Lock lock(s->m);
        --s->pending;
        s->drained.notify_all();
      });
  if (queued) return;
  Lock lock(state_->m);
  --state_->pending;
}

void EventRecorder::event(const Object& about, std::string_view type, std::string_view reason,
                          std::string message) {
  const api::RegistryPtr registry = state_->deps.api.registry();
  event(reference_to(registry->find_message(about.message()), about), type, reason, std::move(message));
}

void EventRecorder::flush(Deadline deadline) {
  Lock lock(state_->m);
  while (state_->pending > 0)
    if (!state_->drained.wait_until(state_->m, deadline)) return;
}

ObjectReference reference_to(const ResourceInfo* resource, const Object& object) {
  ObjectReference out;
  const auto& meta = object.meta();
  if (resource) {
    out.kind = resource->kind;
    out.apiVersion = resource->api_version();
  }
  out.namespace_ = meta.namespace_;
  out.name = meta.name;
  out.uid = meta.uid;
  out.resourceVersion = meta.resourceVersion;
  return out;
}

}  // namespace mizzen::client
