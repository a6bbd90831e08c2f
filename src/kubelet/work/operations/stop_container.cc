#include "kubelet/work/operations/stop_container.h"

#include <fmt/format.h>

#include <algorithm>

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;
/// What a container is left with where its hook took all of the grace period, as upstream.
constexpr int64_t kMinimumGraceS = 2;

}  // namespace

StopContainer::StopContainer(NodeWorld& world, std::shared_ptr<Executor> lane, Wish wish, Done done)
    : Operation(world, std::move(lane)),
      wish_(std::move(wish)),
      done_(std::move(done)),
      deadline_(later(world.clock.monotonic(), seconds(wish_.grace_s))) {}

std::shared_ptr<StopContainer> StopContainer::begin(NodeWorld& world, std::shared_ptr<Executor> lane,
                                                    Wish wish, Done done) {
  std::shared_ptr<StopContainer> out(
      new StopContainer(world, std::move(lane), std::move(wish), std::move(done)));
  out->start();
  return out;
}

Duration StopContainer::left() const {
  return std::max(Duration::zero(), Duration(deadline_ - world_.clock.monotonic()));
}

void StopContainer::start() {
  const auto& [pod, record, message, grace_s, waits] = wish_;
  world_.events.pod_event(*pod, record.name, false, "Killing",
                          message.empty() ? fmt::format("Stopping container {}", record.name) : message);
  const auto* c = find_container(*pod, record.name);
  const bool has_hook = c && c->lifecycle && c->lifecycle->preStop;
  if (has_hook && grace_s > 0 && record.state == ContainerRecord::State::Running)
    return run_hook(*c->lifecycle->preStop);
  stop_when_due();
}

void StopContainer::run_hook(const api::core::v1::LifecycleHandler& hook) {
  in_hook_ = true;
  world_.handlers.hook({wish_.pod, wish_.record.name, wish_.record.id, wish_.pod->status.podIP}, hook,
                       {.timeout = left(), .stop = hook_stop_.token()},
                       on_lane([this](const HandlerResult& result) { hook_ended(result); }));
}

void StopContainer::hook_ended(const HandlerResult& result) {
  in_hook_ = false;
  if (is_cancelled()) {
    ended_ = true;
    return done_(Error(Code::Cancelled, "the stop of the container was cut off"));
  }
  if (result.outcome != HandlerResult::Outcome::Success)
    world_.events.pod_event(*wish_.pod, wish_.record.name, true, "FailedPreStopHook", "PreStopHook failed");
  stop_when_due();
}

void StopContainer::stop_when_due() {
  if (in_hook_ || sent_ || ended_) return;
  if (!wish_.waits_for_turn || left() == Duration::zero()) return send_stop();
  // Its turn may not come in time.
  world_.alarms.after(left(), [weak = weak_from_this(), this] {
    if (const auto self = weak.lock()) post_on(world_, lane_, [self, this] { stop_when_due(); });
  });
}

void StopContainer::your_turn() {
  wish_.waits_for_turn = false;
  stop_when_due();
}

void StopContainer::shorten(int64_t grace_s) {
  const auto until = later(world_.clock.monotonic(), seconds(grace_s));
  if (until >= deadline_ || ended_) return;
  deadline_ = until;
  if (sent_) {
    // The runtime takes the shorter of two stops; what it says of this one is said by the first as well.
    cri::v1::StopContainerRequest request;
    request.container_id = wish_.record.id;
    request.timeout = grace_s;
    return call<&cri::Runtime::stop_container>(request, kRuntimeTimeout + seconds(grace_s),
                                               [](const auto&) {});
  }
  world_.alarms.after(left(), [weak = weak_from_this(), this] {
    const auto self = weak.lock();
    if (!self) return;
    hook_stop_.stop();
    post_on(world_, lane_, [self, this] { stop_when_due(); });
  });
}

void StopContainer::send_stop() {
  sent_ = true;
  cri::v1::StopContainerRequest request;
  request.container_id = wish_.record.id;
  request.timeout =
      std::max(std::chrono::duration_cast<seconds>(left() + std::chrono::milliseconds(999)).count(),
               std::min<int64_t>(wish_.grace_s, kMinimumGraceS));
  call<&cri::Runtime::stop_container>(request, kRuntimeTimeout + seconds(request.timeout),
                                      [this](const auto& answer) { stopped(answer); });
}

void StopContainer::stopped(const Result<cri::v1::StopContainerResponse>& answer) {
  ended_ = true;
  if (!answer.ok() && answer.error().code() != Code::NotFound) return done_(answer.error());
  const auto& meta = wish_.pod->metadata;
  world_.cache.look_at_container(wish_.record.id, wish_.record.sandbox_id,
                                 {meta.uid, meta.namespace_, meta.name},
                                 on_lane([this](const Result<void>& seen) { done_(seen); }));
}

}  // namespace mizzen::kubelet
