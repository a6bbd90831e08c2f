#include "rest/watch/rest_watch.h"

#include "client/api/guarded_sink.h"
#include "rest/list/pages.h"
#include "rest/wire/body.h"
#include "rest/wire/watch_frames.h"

namespace mizzen::rest {
namespace {

using client::WatchEvent;

/// Until an executor that had no room is tried again.
constexpr Duration kFullWait = std::chrono::seconds(1);
constexpr int64_t kSecondsMin = 300;
constexpr size_t kErrorBytesMax = 64 * 1024;

WatchEvent list_ends_at(const client::ResourceInfo& resource, const std::string& version) {
  machinery::MutableObject object(resource.message());
  object.meta().resourceVersion = version;
  object.meta().annotations.set("k8s.io/initial-events-end", "true");
  return {WatchEvent::Type::Bookmark, std::move(object).freeze()};
}

}  // namespace

/// All but close() runs on `serial_`, which keeps it for each step.
class RestWatch::State : public std::enable_shared_from_this<RestWatch::State> {
 public:
  State(Deps deps, const client::ResourceInfo& resource, client::ListOptions options, client::WatchSink sink)
      : deps_(std::move(deps)),
        resource_(resource.share()),
        options_(std::move(options)),
        sink_(std::move(sink)),
        serial_(deps_.runtime.executor) {}

  void soon(void (State::*step)()) {
    const auto go = [weak = weak_from_this(), step] {
      if (const auto s = weak.lock()) (s.get()->*step)();
    };
    if (serial_.post(go)) return;
    deps_.runtime.timers.after(kFullWait, [weak = weak_from_this(), step] {
      if (const auto s = weak.lock()) s->soon(step);
    });
  }

  void begin() {
    if (stop_.token().stopped()) return;
    const http::CallContext context{Deadline::after(kConnectTimeout, deps_.runtime.clock), stop_.token()};
    if (!options_.send_initial_events) return connect(context);
    const auto streams = deps_.mode->streams(context);
    if (!streams.ok()) return end(streams.error());
    if (*streams) return connect(context);
    list();
  }

  void close() {
    stop_.stop();
    sink_.close();
  }

 private:
  /// For servers that do not begin a watch with the list.
  void list() {
    client::ListOptions asked;
    asked.namespace_ = options_.namespace_;
    asked.label_selector = options_.label_selector;
    asked.field_selector = options_.field_selector;
    client::Call call;
    call.timeout = kListTimeout;
    call.stop = stop_.token();
    const auto version =
        fetch_pages(*deps_.sender, *resource_, asked, call, [this](std::vector<client::Object> page) {
          std::vector<WatchEvent> events;
          events.reserve(page.size());
          for (client::Object& object : page) events.push_back({WatchEvent::Type::Added, std::move(object)});
          tell(std::move(events));
        });
    if (!version.ok()) return end(version.error());
    std::vector<WatchEvent> last;
    last.push_back(list_ends_at(*resource_, *version));
    tell(std::move(last));
    options_.send_initial_events = false;
    options_.resource_version = *version;
    connect({Deadline::after(kConnectTimeout, deps_.runtime.clock), stop_.token()});
  }

  void connect(const http::CallContext& context) {
    Ask ask;
    const int64_t seconds =
        kSecondsMin + static_cast<int64_t>(deps_.runtime.random.below(static_cast<uint64_t>(kSecondsMin)));
    ask.path = resource_path(*resource_, options_.namespace_, "") + watch_query(options_, seconds);
    ask.accept = accept_watch(*resource_);
    auto opened = deps_.sender->open(ask, context);
    if (!opened.ok()) return end(opened.error());
    reader_ = std::move(*opened);
    const std::string type(reader_->headers().get("Content-Type"));
    if (reader_->status() != 200) return refused(type, context);
    frames_.emplace(*resource_, type);
    pump();
  }

  void refused(const std::string& type, const http::CallContext& context) {
    const auto body = reader_->read_all(kErrorBytesMax, context);
    const Error why = decode_error(reader_->status(), type, body.ok() ? *body : std::string());
    refused(why);
  }

  /// The server does not go on. One that cannot begin with the list says so in either of these ways: with its
  /// gate off it refuses, on an etcd before 3.4.25 it fails once it has begun.
  void refused(const Error& why) {
    const bool cannot = why.code() == Code::Invalid || why.code() == Code::InternalError;
    if (!options_.send_initial_events || told_ || !cannot) return end(why);
    reader_.reset();
    deps_.mode->refused();
    list();
  }

  void pump() {
    while (reader_) {
      auto bytes = reader_->take([weak = weak_from_this()] {
        if (const auto s = weak.lock()) s->soon(&State::pump);
      });
      if (!bytes) return;
      if (!bytes->ok()) return end(bytes->error());
      if ((*bytes)->empty()) return end(Error(Code::ServiceUnavailable, "the server ended the watch"));
      std::vector<WatchEvent> events;
      const auto fed = frames_->feed(**bytes, events);
      tell(std::move(events));
      if (!fed.ok()) return refused(fed.error());
    }
  }

  void tell(std::vector<WatchEvent> events) {
    if (events.empty()) return;
    told_ = true;
    sink_.tell(std::move(events));
  }
  void end(const Error& error) {
    reader_.reset();
    sink_.end(error);
  }

  /// A list may be long, and every page is a request.
  static constexpr Duration kListTimeout = std::chrono::minutes(5);

  const Deps deps_;
  const api::ResourcePtr resource_;
  client::ListOptions options_;
  client::GuardedSink sink_;
  SerialQueue serial_;
  StopSource stop_;
  std::unique_ptr<http::ResponseReader> reader_;
  std::optional<WatchFrames> frames_;
  bool told_ = false;  ///< the sink has had events
};

RestWatch::RestWatch(Deps deps, const client::ResourceInfo& resource, client::ListOptions options,
                     client::WatchSink sink)
    : state_(std::make_shared<State>(std::move(deps), resource, std::move(options), std::move(sink))) {
  state_->soon(&State::begin);
}

RestWatch::~RestWatch() { state_->close(); }

}  // namespace mizzen::rest
