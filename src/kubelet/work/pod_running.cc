// What a running pod gets: volumes, a sandbox, containers started and stopped.
#include <fmt/format.h>

#include <algorithm>

#include "kubelet/work/pod_work.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr std::string_view kLog = "kubelet";

/// How long watches that were just begun may take, and how often they are looked at.
constexpr Duration kObjectsWait = seconds(2);
constexpr Duration kObjectsLook = milliseconds(20);
/// Pods whose time has come within that are looked at in one wake-up, which costs little more than one of
/// them.
constexpr Duration kTogether = seconds(10);
/// The BackOff event of one container comes at most that often.
constexpr Duration kBackoffToldEvery = seconds(10);

}  // namespace

void PodWork::run(const RuntimePod& state) {
  again_at(next_beat(later(world_.clock.monotonic(), world_.spread(world_.options.resync)), kTogether));
  publish(make_status(state, false), state);
  if (ends()) return begin_end();  // its containers came to their end: the sandbox goes too
  const RuntimePod seen = shown(state);
  PodActions plan = compute_pod_actions(*pod_, seen, world_.probes.verdicts(*pod_, seen));
  const bool starts =
      plan.create_sandbox || !plan.start.empty() || !plan.start_init.empty() || !plan.start_ephemeral.empty();
  if (!volumes_ready() && starts) {
    // What is to be stopped is stopped all the same.
    plan.create_sandbox = false;
    plan.start.clear();
    plan.start_init.clear();
    plan.start_ephemeral.clear();
  }
  if (plan.create_sandbox && !network_ready()) plan.create_sandbox = plan.kill_pod = false;
  act(next_steps(std::move(plan), seen, under_way()), seen);
}

bool PodWork::network_ready() {
  if (pod_->spec.hostNetwork) return true;
  const auto problem = world_.network_problem ? world_.network_problem() : std::string();
  if (problem.empty()) return true;
  world_.events.pod_event(*pod_, "", true, "NetworkNotReady", "network is not ready: " + problem);
  again_in(world_.spread(world_.options.retry_network));
  return false;
}

/// What the pod names is read by watches that were just begun: a moment, but not for ever.
bool PodWork::objects_ready() {
  if (world_.objects.ready(pod_->metadata.uid)) {
    objects_asked_.reset();
    return true;
  }
  const auto now = world_.clock.monotonic();
  if (!objects_asked_) objects_asked_ = now;
  if (now >= later(*objects_asked_, kObjectsWait)) return true;  // whoever needs them says what is missing
  again_in(kObjectsLook);
  return false;
}

/// Begins what is missing, and now and then a refresh.
bool PodWork::volumes_ready() {
  if (!objects_ready()) return false;
  if (stale_.exchange(false)) volumes_->objects_changed(*pod_);
  const auto look = volumes_->look(pod_, [self = shared_from_this()] { self->kick(); });
  again_at(look.next);
  return look.ready;
}

void PodWork::act(const NextSteps& steps, const RuntimePod& state) {
  const PodActions& actions = steps.actions;
  if (steps.cancel_starts)
    for (const auto& [name, start] : starting_) start->cancel();
  if (!actions.resets.empty()) return reset(state, actions.resets);
  if (actions.kill_pod && state.holds_anything()) return take_down(state, grace_seconds(*pod_));
  for (const auto& k : actions.kills) kill(state, k);
  if (actions.create_sandbox) return make_sandbox(state, actions.attempt);
  if (actions.start_ephemeral.empty() && actions.start_init.empty() && actions.start.empty()) return;
  Placed placed;
  placed.id = actions.sandbox_id;
  placed.config = make_sandbox_config(world_, *pod_, actions.attempt);
  if (!state.sandboxes.empty()) placed.ips = state.sandboxes.front().ips;
  for (const auto& name : actions.start_ephemeral) start(state, name, placed);
  for (const auto& name : actions.start_init) start(state, name, placed);
  for (const auto& name : actions.start) start(state, name, placed);
}

void PodWork::take_down(const RuntimePod& state, int64_t grace_s) {
  if (const auto retry = retry_at_.find(kTakeDown);
      retry != retry_at_.end() && retry->second > world_.clock.monotonic())
    return again_at(retry->second);
  terminator_ = Terminator::begin(
      world_, lane_, pod_, state, grace_s, told_to(shared_from_this(), [this](const Result<void>& done) {
        terminator_ = nullptr;
        retry_at_.erase(kTakeDown);
        if (!done.ok()) {
          in_doubt_ = true;
          retry_at_[kTakeDown] = later(world_.clock.monotonic(), world_.spread(seconds(1)));
        }
        kick();
      }));
}

void PodWork::make_sandbox(const RuntimePod& state, uint32_t attempt) {
  if (const auto retry = retry_at_.find(kSandbox);
      retry != retry_at_.end() && retry->second > world_.clock.monotonic())
    return again_at(retry->second);
  making_sandbox_ = MakeSandbox::begin(
      world_, lane_, pod_, state, attempt, told_to(shared_from_this(), [this](const Result<void>& done) {
        making_sandbox_ = nullptr;
        retry_at_.erase(kSandbox);
        if (!done.ok()) {
          const bool away = done.error().code() == Code::ServiceUnavailable;  // the runtime itself, soon back
          in_doubt_ = is_in_doubt(done.error());
          retry_at_[kSandbox] = later(world_.clock.monotonic(),
                                      world_.spread(away ? world_.options.retry_soon : world_.options.retry));
        }
        kick();
      }));
}

void PodWork::reset(const RuntimePod& state, const std::vector<ContainerReset>& resets) {
  // The exit that asked waits as a restart of that container alone would.
  for (const auto& c : api::made_containers_of(pod_->spec)) {
    const auto* newest = state.newest(c.spec.name);
    const bool asks =
        newest && newest->state == ContainerRecord::State::Exited && matching_rule(c.spec, newest->exit_code);
    if (asks && in_restart_backoff(c.spec, *newest)) return;
  }
  failures_.clear();
  resetting_ = ResetContainers::begin(world_, lane_, pod_, state, resets,
                                      told_to(shared_from_this(), [this](const Result<void>& done) {
                                        resetting_ = nullptr;
                                        if (!done.ok()) in_doubt_ = true;
                                        kick();
                                      }));
}

void PodWork::kill(const RuntimePod& state, const ContainerKill& kill) {
  for (const auto& record : state.containers) {
    if (record.id != kill.id) continue;
    stopping_[record.id] =
        StopContainer::begin(world_, lane_,
                             {.pod = pod_,
                              .record = record,
                              .message = kill.message,
                              .grace_s = kill.grace_s.value_or(grace_seconds(*pod_))},
                             told_to(shared_from_this(), [this, id = record.id](const Result<void>& stopped) {
                               stopping_.erase(id);
                               if (!stopped.ok()) {
                                 log::warn(kLog, "Cannot stop container",
                                           {log::kv("id", id), log::kv("error", stopped.error().message())});
                                 in_doubt_ = true;
                               }
                               kick();
                             }));
  }
}

void PodWork::start(const RuntimePod& state, const std::string& container, const Placed& placed) {
  const auto* c = find_container(*pod_, container);
  if (!c) return;
  const auto now = world_.clock.monotonic();
  if (const auto retry = retry_at_.find(container); retry != retry_at_.end() && retry->second > now)
    return again_at(retry->second);
  const auto* newest = state.newest(container);
  if (newest && newest->state == ContainerRecord::State::Exited && in_restart_backoff(*c, *newest)) return;
  starting_[container] = StartContainer::begin(
      world_, lane_, {.pod = pod_, .container = container, .state = state, .placed = placed},
      told_to(shared_from_this(), [this, container](StartContainer::Outcome outcome) {
        started(container, std::move(outcome));
      }));
}

void PodWork::started(const std::string& container, StartContainer::Outcome outcome) {
  const bool cancelled = starting_.at(container)->is_cancelled();
  starting_.erase(container);
  in_doubt_ = in_doubt_ || outcome.in_doubt;
  retry_at_.erase(container);
  if (!outcome.failure) {
    failures_.erase(container);
  } else if (!cancelled) {
    failures_[container] = std::move(*outcome.failure);
    const auto& options = world_.options;
    retry_at_[container] =
        later(world_.clock.monotonic(), world_.spread(outcome.soon ? options.retry_soon : options.retry));
  }
  kick();
}

std::string PodWork::backoff_key(const Container& c) const {
  return fmt::format("{}/{}/{}", pod_->metadata.uid, c.name, c.image);
}

Monotonic PodWork::finished_at(const ContainerRecord& record) const {
  const auto now = world_.clock.monotonic();
  return record.finished.is_set() ? now - (world_.clock.wall() - record.finished.wall()) : now;
}

bool PodWork::in_restart_backoff(const Container& c, const ContainerRecord& newest) {
  const std::string key = backoff_key(c);
  const auto since = finished_at(newest);
  if (!world_.restarts.in_backoff(key, since)) {
    world_.restarts.next(key, since);
    return false;
  }
  const auto pause = world_.restarts.pause(key);
  failures_[c.name] = {"CrashLoopBackOff",
                       fmt::format("back-off {} restarting failed container={} pod={}",
                                   codec::format_go_duration(pause.count()), c.name, pod_text(*pod_))};
  again_at(later(since, pause));
  const auto now = world_.clock.monotonic();
  const auto told = backoff_told_.find(c.name);
  if (told == backoff_told_.end() || now >= later(told->second, kBackoffToldEvery)) {
    backoff_told_[c.name] = now;
    world_.events.pod_event(
        *pod_, c.name, true, "BackOff",
        fmt::format("Back-off restarting failed container {} in pod {}", c.name, pod_text(*pod_)));
  }
  // The status of this turn was made before: it shows the back-off too.
  const RuntimePod state = world_.cache.pod(pod_->metadata.uid);
  publish(make_status(state, false), state);
  return true;
}

}  // namespace mizzen::kubelet
