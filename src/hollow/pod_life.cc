#include "hollow/pod_life.h"

#include <algorithm>

#include "client/node/conditions.h"
#include "machinery/schema/meta/v1/object_meta.h"

namespace mizzen::hollow {
namespace {

using api::core::v1::PodStatus;

void set_conditions(PodStatus& status, bool ready, const char* reason, WallTime wall) {
  client::set_condition(status.conditions, "PodReadyToStartContainers", ready, "", wall);
  client::set_condition(status.conditions, "Initialized", true, "", wall);
  client::set_condition(status.conditions, "Ready", ready, reason, wall);
  client::set_condition(status.conditions, "ContainersReady", ready, reason, wall);
  client::set_condition(status.conditions, "PodScheduled", true, "", wall);
}

PodStatus running(const Pod& pod, const std::string& host_ip, const std::string& ip, WallTime wall) {
  PodStatus out = pod.status;
  out.phase = "Running";
  out.hostIP = host_ip;
  out.hostIPs = {};
  out.hostIPs.emplace_back().ip = host_ip;
  out.podIP = pod.spec.hostNetwork ? host_ip : ip;
  out.podIPs = {};
  out.podIPs.emplace_back().ip = out.podIP;
  if (!out.startTime) out.startTime = codec::Time::from(wall);
  set_conditions(out, true, "", wall);
  out.containerStatuses.clear();
  for (const auto& c : pod.spec.containers) {
    auto& s = out.containerStatuses.emplace_back();
    s.name = c.name;
    s.image = c.image;
    s.imageID = "hollow://" + c.image;
    s.containerID = "hollow://" + pod.metadata.uid + "/" + c.name;
    s.ready = true;
    s.started = true;
    s.state.running.ensure().startedAt = codec::Time::from(wall);
  }
  return out;
}

PodStatus ended(const Pod& pod, const char* phase, int32_t exit_code, WallTime wall) {
  PodStatus out = pod.status;
  out.phase = phase;
  set_conditions(out, false, exit_code == 0 ? "PodCompleted" : "PodFailed", wall);
  for (auto& s : out.containerStatuses) {
    const auto started = s.state.running ? s.state.running->startedAt : codec::Time();
    s.ready = false;
    s.started = false;
    s.state = {};
    auto& terminated = s.state.terminated.ensure();
    terminated.exitCode = exit_code;
    terminated.reason = exit_code == 0 ? "Completed" : "Error";
    terminated.startedAt = started;
    terminated.finishedAt = codec::Time::from(wall);
    terminated.containerID = s.containerID;
  }
  return out;
}

bool says_ready(const Pod& pod) { return client::says(pod.status.conditions, "Ready"); }

Step wait(Monotonic now, Monotonic until) { return {Step::Kind::Wait, {}, until - now}; }

Step stop(const Pod& pod, const Stages& stages, Monotonic now, WallTime wall, Progress& progress) {
  if (!progress.stopping) progress.stopping = now;
  const Duration grace = std::chrono::seconds(pod.metadata.deletionGracePeriodSeconds.value_or(0));
  const Monotonic end = later(*progress.stopping, std::min(stages.stop, grace));
  if (now < end) return wait(now, end);
  if (has_ended(pod) || !progress.running) return {Step::Kind::Remove, {}, {}};
  return {Step::Kind::Report, ended(pod, "Succeeded", 0, wall), {}};
}

}  // namespace

bool has_ended(const Pod& pod) { return pod.status.phase == "Succeeded" || pod.status.phase == "Failed"; }

Step next_step(const Pod& pod, const std::string& host_ip, const std::string& free_ip, const Stages& stages,
               Monotonic now, WallTime wall, Progress& progress) {
  if (!progress.seen) progress.seen = now;
  if (pod.metadata.deletionTimestamp) return stop(pod, stages, now, wall, progress);
  if (has_ended(pod)) return {};
  const Monotonic start = later(*progress.seen, stages.start);
  if (!progress.running && now < start) return wait(now, start);
  if (!progress.running) {
    progress.running = now;
    // Its address may be known already: this node was started again.
    progress.ip = pod.status.podIP.empty() ? free_ip : pod.status.podIP;
  }
  // Somebody else may have said otherwise meanwhile: a node that was not heard of has pods that are not
  // ready.
  if (pod.status.phase != "Running" || pod.status.containerStatuses.size() != pod.spec.containers.size() ||
      !says_ready(pod))
    return {Step::Kind::Report, running(pod, host_ip, progress.ip, wall), {}};
  if (pod.spec.restartPolicy == "Always") return {};
  const Monotonic done = later(*progress.running, stages.work);
  if (now < done) return wait(now, done);
  return {Step::Kind::Report, ended(pod, "Succeeded", 0, wall), {}};
}

}  // namespace mizzen::hollow
