#include "kubelet/work/operations/start_container.h"

#include <fmt/format.h>

#include "base/check.h"
#include "kubelet/work/operations/old_records.h"

namespace mizzen::kubelet {
namespace {

/// An httpGet or sleep hook that does not end; exec has no bound, as upstream.
constexpr auto kHookTimeout = std::chrono::minutes(10);

/// Reasons that stand in an event's `Error: ...` by their name; the others by their text.
bool told_by_reason(const std::string& reason) {
  return reason == "ErrImagePull" || reason == "ImagePullBackOff" || reason == "InvalidImageName" ||
         reason == "ErrImageNeverPull" || reason == "ImageInspectError";
}

}  // namespace

StartContainer::StartContainer(NodeWorld& world, std::shared_ptr<Executor> lane, Wish wish, Done done)
    : Operation(world, std::move(lane)), wish_(std::move(wish)), done_(std::move(done)) {}

std::shared_ptr<StartContainer> StartContainer::begin(NodeWorld& world, std::shared_ptr<Executor> lane,
                                                      Wish wish, Done done) {
  std::shared_ptr<StartContainer> out(
      new StartContainer(world, std::move(lane), std::move(wish), std::move(done)));
  out->start();
  return out;
}

const Container& StartContainer::container() const {
  const auto* found = find_container(*wish_.pod, wish_.container);
  MZ_CHECK(found, "pod {} has no container {}", wish_.pod->metadata.name, wish_.container);
  return *found;
}

/// Of the container whose processes an ephemeral one sees; empty where that is none.
Result<std::string> StartContainer::target_id() const {
  for (const auto& c : api::containers_of(wish_.pod->spec)) {
    if (c.spec.name != wish_.container || c.target.empty()) continue;
    if (const auto* found = wish_.state.newest(std::string(c.target))) return found->id;
    return Error(Code::BadRequest, fmt::format("unable to find target container {}", c.target));
  }
  return std::string();
}

/// A call to the runtime gave it.
void StartContainer::fail(const char* reason, const Error& error) {
  fail({reason, error.message()}, is_in_doubt(error), error.code() == Code::ServiceUnavailable);
}

void StartContainer::fail(StartFailure failure, bool in_doubt, bool soon) {
  if (!is_cancelled() && failure.reason != "PostStartHookError") {
    world_.events.pod_event(
        *wish_.pod, wish_.container, true, "Failed",
        fmt::format("Error: {}", told_by_reason(failure.reason) ? failure.reason : failure.message));
  }
  done_({std::move(failure), in_doubt, soon});
}

/// A pod that ends waits for it: cut off, its preStop hook would run twice.
void StartContainer::cancel_parts() {
  if (const auto stopping = stopping_; stopping && world_.stopping.token().stopped()) stopping->cancel();
}

void StartContainer::start() {
  world_.puller.ensure({.pod = wish_.pod,
                        .container = wish_.container,
                        .image = container().image,
                        .policy = effective_pull_policy(container()),
                        .credentials = pull_credentials(world_, *wish_.pod, container().image),
                        .sandbox = wish_.placed.config,
                        .stop = stop_.token()},
                       on_lane([this](const ImagePuller::Answer& answer) { image_ready(answer); }));
}

void StartContainer::image_ready(const ImagePuller::Answer& answer) {
  if (answer.failure) return fail(*answer.failure, false, answer.away);
  if (is_cancelled()) return fail({"ContainerCreating", ""});
  const auto* newest = wish_.state.newest(wish_.container);
  if (newest && newest->state == ContainerRecord::State::Created)
    return replace_unstarted(*newest, answer.image);
  create(answer.image,
         newest ? newest->restart_count + 1 : restarts_by_logs(world_, *wish_.pod, wish_.container));
}

void StartContainer::replace_unstarted(const ContainerRecord& record, const PulledImage& image) {
  cri::v1::RemoveContainerRequest request;
  request.container_id = record.id;
  call<&cri::Runtime::remove_container>(
      request, kRuntimeTimeout,
      [this, id = record.id, restarts = record.restart_count, image](const auto& removed) {
        // The runtime goes on starting it for somebody who is dead: it will run, or have failed.
        if (!removed.ok() && removed.error().code() != Code::NotFound)
          return fail({"CreateContainerError", removed.error().message()}, true, true);
        world_.cache.forget(id);
        create(image, restarts);
      });
}

void StartContainer::create(const PulledImage& image, int32_t restarts) {
  if (is_cancelled()) return fail({"ContainerCreating", ""});
  const auto target = target_id();
  if (!target.ok()) return fail({"CreateContainerConfigError", target.error().message()});
  auto config = configure_container(world_, *wish_.pod, container(), restarts, wish_.placed, image, *target);
  if (!config.ok()) return fail({"CreateContainerConfigError", config.error().message()});
  cri::v1::CreateContainerRequest request;
  request.pod_sandbox_id = wish_.placed.id;
  request.config = std::move(*config);
  request.sandbox_config = wish_.placed.config;
  call<&cri::Runtime::create_container>(request, kRuntimeTimeout,
                                        [this](const auto& made) { created(made); });
}

void StartContainer::created(const Result<cri::v1::CreateContainerResponse>& answer) {
  if (!answer.ok()) return fail("CreateContainerError", answer.error());
  world_.events.pod_event(*wish_.pod, wish_.container, false, "Created", "Container created");
  id_ = answer->container_id;
  if (is_cancelled()) return fail({"ContainerCreating", ""}, true);
  cri::v1::StartContainerRequest request;
  request.container_id = id_;
  call<&cri::Runtime::start_container>(request, kRuntimeTimeout,
                                       [this](const auto& result) { started(result); });
}

void StartContainer::started(const Result<cri::v1::StartContainerResponse>& answer) {
  remove_old_records(world_, wish_.state, wish_.container, 1);  // what `logs --previous` shows stays
  if (answer.ok()) {
    world_.events.pod_event(*wish_.pod, wish_.container, false, "Started", "Container started");
  } else {
    start_error_ = answer.error();
  }
  const auto& meta = wish_.pod->metadata;
  world_.cache.look_at_container(id_, wish_.placed.id, {meta.uid, meta.namespace_, meta.name},
                                 on_lane([this](const Result<void>& result) { seen(result); }));
}

void StartContainer::seen(const Result<void>& result) {
  const bool unseen = !result.ok();
  if (start_error_)
    return fail({"RunContainerError", start_error_->message()}, is_in_doubt(*start_error_) || unseen,
                start_error_->code() == Code::ServiceUnavailable);
  if (unseen)
    return fail({"RunContainerError", result.error().message()}, true,
                result.error().code() == Code::ServiceUnavailable);
  const auto& lifecycle = container().lifecycle;
  if (lifecycle && lifecycle->postStart && !is_cancelled()) return run_hook(*lifecycle->postStart);
  done_({});
}

void StartContainer::run_hook(const api::core::v1::LifecycleHandler& hook) {
  const std::string ip = addressed(*wish_.pod, world_.host_ips(), wish_.placed.ips).status.podIP;
  world_.handlers.hook(
      {wish_.pod, wish_.container, id_, ip}, hook,
      {.timeout = hook.exec ? Duration::zero() : Duration(kHookTimeout), .stop = stop_.token()},
      on_lane([this](const HandlerResult& result) { hook_ended(result); }));
}

void StartContainer::hook_ended(const HandlerResult& result) {
  // Cancelled: the pod is going, and takes the container with it.
  if (result.outcome == HandlerResult::Outcome::Success || is_cancelled()) return done_({});
  world_.events.pod_event(*wish_.pod, wish_.container, true, "FailedPostStartHook", "PostStartHook failed");
  ContainerRecord record;
  record.id = id_;
  record.name = wish_.container;
  record.sandbox_id = wish_.placed.id;
  record.state = ContainerRecord::State::Running;
  stopping_ = StopContainer::begin(
      world_, lane_,
      {.pod = wish_.pod,
       .record = record,
       .message = "FailedPostStartHook",
       .grace_s = grace_seconds(*wish_.pod)},
      told_to(shared_from_this(), [this, why = result.output](const Result<void>& stopped) {
        stopping_ = nullptr;
        done_({StartFailure{"PostStartHookError", fmt::format("PostStartHook failed: {}", why)},
               !stopped.ok(), false});
      }));
}

}  // namespace mizzen::kubelet
