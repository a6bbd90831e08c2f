#include "cri/containerd_events.h"

#include "cri/client.h"
#include "cri/schema/events/v1/events.h"
#include "rpc/typed.h"
#include "telemetry/log.h"

namespace mizzen::cri {
namespace {

constexpr Duration kAgainIn = std::chrono::seconds(1);
constexpr Duration kAgainWithoutService = std::chrono::minutes(1);
/// Where containerd's CRI keeps what is Kubernetes'.
constexpr const char* kNamespace = "k8s.io";
constexpr rpc::Method<events::v1::SubscribeRequest, events::v1::Envelope> kSubscribe{
    "/containerd.services.events.v1.Events/Subscribe"};

}  // namespace

TaskNews read_event(std::string_view topic, std::string_view payload) {
  if (topic == "/tasks/exit") {
    const auto exit = codec::from_proto<events::v1::TaskExit>(payload);
    // Also processes of exec end: only the first one's end is the container's.
    if (!exit.ok() || exit->id != exit->container_id) return {};
    return {exit->container_id, false};
  }
  if (topic == "/tasks/start") {
    const auto start = codec::from_proto<events::v1::TaskEvent>(payload);
    return start.ok() ? TaskNews{start->container_id, true} : TaskNews{};
  }
  return {};
}

Result<std::unique_ptr<ContainerdEvents>> ContainerdEvents::open(const std::string& endpoint,
                                                                 const Clock& clock) {
  MZ_ASSIGN(auto channel, open_channel(endpoint));
  return std::unique_ptr<ContainerdEvents>(new ContainerdEvents(std::move(channel), clock));
}

void ContainerdEvents::start(RuntimeEvent told) {
  told_ = std::move(told);
  thread_ = Thread("cri-events", [this] { run(); });
}

void ContainerdEvents::stop() {
  stop_.stop();
  thread_.join();
}

void ContainerdEvents::run() {
  const auto token = stop_.token();
  while (!token.stopped()) {
    const auto ended = listen();
    connected_ = false;
    if (token.stopped()) return;
    const bool missing = !ended.ok() && rpc::status_of(ended.error()) == rpc::Status::Unimplemented;
    log::verbose(2, "cri", "The runtime's events end",
                 {log::kv("error", ended.ok() ? "" : ended.error().message())});
    if (token.wait_until(Deadline::after(missing ? kAgainWithoutService : kAgainIn, clock_))) return;
  }
}

Result<void> ContainerdEvents::listen() {
  auto stream = rpc::stream(*channel_, kSubscribe, Deadline::never(), {.stop = stop_.token()});
  events::v1::SubscribeRequest request;
  request.filters = {"namespace==k8s.io,topic~=|^/tasks/|"};
  if (stream.write(request)) stream.writes_done();
  // Nothing says that a subscription stands: one that is not refused does.
  connected_ = true;
  told_("", false);
  for (;;) {
    MZ_ASSIGN(const auto event, stream.read());
    if (!event) return {};
    if (event->namespace_ != kNamespace || !event->event) continue;
    const TaskNews news = read_event(event->topic, event->event->value);
    if (!news.id.empty()) told_(news.id, news.runs);
  }
}

}  // namespace mizzen::cri
