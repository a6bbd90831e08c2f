#include "kubelet/sync/pod_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/strings.h"
#include "cri/blocking.h"
#include "linux/files/file.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

constexpr auto kSandboxTimeout = std::chrono::minutes(4);

Deadline runtime_deadline(const Clock& clock) { return Deadline::after(kRuntimeTimeout, clock); }

}  // namespace

PodRunner::PodRunner(Deps deps, Options options)
    : deps_(std::move(deps)),
      options_(std::move(options)),
      restarts_(deps_.clock, options_.restart_backoff) {}

PodDns PodRunner::dns_of(const Pod& pod) const {
  const auto host = read_file(options_.resolv_conf);
  return pod_dns(pod, options_.dns, parse_resolv_conf(host.ok() ? *host : ""));
}

cri::v1::PodSandboxConfig PodRunner::make_sandbox_config(const Pod& pod, uint32_t attempt,
                                                         const PodDns& dns) const {
  return sandbox_config({.pod = pod,
                         .attempt = attempt,
                         .dns = dns.conf,
                         .log_folder = pod_log_folder(options_.logs_folder, pod.metadata.namespace_,
                                                      pod.metadata.name, pod.metadata.uid),
                         .cgroup_parent = pod_cgroup(pod, options_.cgroup_root)});
}

/// Once for each sandbox: upstream says it again with each sync.
void PodRunner::tell_dns_problems(const Pod& pod, const PodDns& dns) {
  for (const auto& problem : dns.forming_problems)
    deps_.events.pod_event(pod, "", true, "DNSConfigForming", problem);
  if (!dns.missing_cluster_dns) return;
  const std::string text =
      "kubelet does not have ClusterDNS IP configured and cannot create Pod using \"ClusterFirst\" policy. "
      "Falling back to \"Default\" policy.";
  if (!missing_dns_told_.exchange(true)) deps_.events.node_event(true, "MissingClusterDNS", text);
  deps_.events.pod_event(pod, "", true, "MissingClusterDNS",
                         fmt::format("pod: \"{}\". {}", pod_text(pod), text));
}

Result<void> PodRunner::ensure_cgroup(const Pod& pod) {
  if (!deps_.cgroups) return {};
  auto done = deps_.cgroups->ensure(pod_cgroup(pod, options_.cgroup_root), pod_limits(pod));
  if (!done.ok()) {
    deps_.events.pod_event(pod, "", true, "FailedCreatePodContainer",
                           fmt::format("unable to ensure pod container exists: {}", done.error().message()));
  }
  return done;
}

Result<PodRunner::Placed> PodRunner::create_sandbox(const Pod& pod, const RuntimePod& state,
                                                    uint32_t attempt) {
  if (attempt > 0) {
    deps_.events.pod_event(pod, "", false, "SandboxChanged",
                           "Pod sandbox changed, it will be killed and re-created.");
  }
  remove_empty_sandboxes(state);
  // Init containers run again in a new sandbox: what the old ones left must not pass for theirs.
  for (const auto& c : pod.spec.initContainers) remove_old_records(state, c.name, 0);
  Placed out;
  const auto dns = dns_of(pod);
  tell_dns_problems(pod, dns);
  out.config = make_sandbox_config(pod, attempt, dns);
  MZ_TRY(make_folders(out.config.log_directory, 0755));
  cri::v1::RunPodSandboxRequest request;
  request.config = out.config;
  auto made = cri::wait<&cri::Runtime::run_pod_sandbox>(deps_.runtime, request,
                                                        Deadline::after(kSandboxTimeout, deps_.clock));
  if (!made.ok()) {
    deps_.events.pod_event(pod, "", true, "FailedCreatePodSandBox",
                           fmt::format("Failed to create pod sandbox: {}", made.error().message()));
    return made.error();
  }
  out.id = made->pod_sandbox_id;
  cri::v1::PodSandboxStatusRequest status;
  status.pod_sandbox_id = out.id;
  auto read =
      cri::wait<&cri::Runtime::pod_sandbox_status>(deps_.runtime, status, runtime_deadline(deps_.clock));
  if (!read.ok()) {
    deps_.events.pod_event(pod, "", true, "FailedPodSandBoxStatus",
                           fmt::format("Unable to get pod sandbox status: {}", read.error().message()));
    return read.error();
  }
  if (read->status && read->status->network && !read->status->network->ip.empty()) {
    out.ips.push_back(read->status->network->ip);
    for (const auto& more : read->status->network->additional_ips) out.ips.push_back(more.ip);
  }
  return out;
}

Result<bool> PodRunner::apply(const Pod& pod, const RuntimePod& state, const PodActions& actions,
                              Failures& failures) {
  if (!actions.resets.empty()) return reset(pod, state, actions.resets, failures);
  if (actions.kill_pod) {
    MZ_TRY(stop_pod(pod, state, grace_seconds(pod)));
    if (!actions.create_sandbox) return true;
  }
  for (const auto& kill : actions.kills) {
    for (const auto& record : state.containers) {
      if (record.id == kill.id) MZ_TRY(stop_container(pod, record, kill.message, grace_seconds(pod)));
    }
  }
  if (!actions.create_sandbox && actions.start_init.empty() && actions.start.empty())
    return !actions.kills.empty();
  MZ_TRY(ensure_cgroup(pod));
  Placed placed;
  if (actions.create_sandbox) {
    MZ_ASSIGN(placed, create_sandbox(pod, state, actions.attempt));
  } else {
    placed.id = actions.sandbox_id;
    placed.config = make_sandbox_config(pod, actions.attempt, dns_of(pod));
    if (!state.sandboxes.empty()) placed.ips = state.sandboxes.front().ips;
  }
  for (const auto& name : actions.start_init) {
    const auto* c = find_container(pod, name);
    if (c && !start_container(pod, *c, state, placed, failures) && !is_sidecar(*c)) return true;
  }
  for (const auto& name : actions.start) {
    if (const auto* c = find_container(pod, name)) start_container(pod, *c, state, placed, failures);
  }
  return true;
}

Result<bool> PodRunner::reset(const Pod& pod, const RuntimePod& state,
                              const std::vector<ContainerReset>& resets, Failures& failures) {
  // The exit that asked waits as a restart of that container alone would.
  for (const auto* list : {&pod.spec.containers, &pod.spec.initContainers}) {
    for (const auto& c : *list) {
      StartFailure failure;
      const auto* newest = state.newest(c.name);
      const bool asks =
          newest && newest->state == ContainerRecord::State::Exited && matching_rule(c, newest->exit_code);
      if (!asks || !in_restart_backoff(pod, c, *newest, failure)) continue;
      failures[c.name] = std::move(failure);
      return false;
    }
  }
  failures.clear();
  for (const auto& r : resets) {
    if (r.running) {
      for (const auto& record : state.containers) {
        if (record.id == r.id) MZ_TRY(stop_container(pod, record, "", 0));
      }
    }
    cri::v1::RemoveContainerRequest request;  // its log stays: the numbers of the next ones go on from it
    request.container_id = r.id;
    auto removed =
        cri::wait<&cri::Runtime::remove_container>(deps_.runtime, request, runtime_deadline(deps_.clock));
    if (!removed.ok() && removed.error().code() != Code::NotFound) return removed.error();
  }
  return true;
}

Result<void> PodRunner::set_up_volumes(const Pod& pod) {
  const auto allocatable = deps_.allocatable();
  const volumes::PayloadContext context{pod, deps_.objects, allocatable};
  for (const auto& volume : pod.spec.volumes) {
    auto ready = deps_.volumes.set_up(volume, context);
    if (ready.ok()) continue;
    const auto text =
        fmt::format("MountVolume.SetUp failed for volume \"{}\" : {}", volume.name, ready.error().message());
    deps_.events.pod_event(pod, "", true, "FailedMount", text);
    return Error(ready.error().code(), text);
  }
  return {};
}

Result<void> PodRunner::stop_container(const Pod& pod, const ContainerRecord& record,
                                       const std::string& message, int64_t grace_s,
                                       const std::function<void(Duration)>& turn) {
  deps_.events.pod_event(pod, record.name, false, "Killing",
                         message.empty() ? fmt::format("Stopping container {}", record.name) : message);
  const auto* c = find_container(pod, record.name);
  const auto started = deps_.clock.monotonic();
  if (c && grace_s > 0 && record.state == ContainerRecord::State::Running)
    run_pre_stop(pod, *c, record, std::chrono::seconds(grace_s));
  const Duration left = std::chrono::seconds(grace_s) - (deps_.clock.monotonic() - started);
  if (turn && left > Duration::zero()) turn(left);
  const auto spent =
      std::chrono::duration_cast<std::chrono::seconds>(deps_.clock.monotonic() - started).count();
  cri::v1::StopContainerRequest request;
  request.container_id = record.id;
  request.timeout = std::max<int64_t>(grace_s - spent, std::min<int64_t>(grace_s, 2));
  auto stopped = cri::wait<&cri::Runtime::stop_container>(
      deps_.runtime, request,
      Deadline::after(kRuntimeTimeout + std::chrono::seconds(request.timeout), deps_.clock));
  if (!stopped.ok() && stopped.error().code() != Code::NotFound) return stopped.error();
  return {};
}

Result<void> PodRunner::stop_pod(const Pod& pod, const RuntimePod& state, int64_t grace_s) {
  // Side by side: their grace periods run at the same time. The results outlive this call only if it returns.
  struct Shared {
    Mutex m;
    CondVar done;
    std::set<std::string> open;  ///< names of containers that have not ended
    Result<void> first;
  };
  auto shared = std::make_shared<Shared>();
  std::vector<const ContainerRecord*> running;
  for (const auto& record : state.containers) {
    if (record.state == ContainerRecord::State::Running || record.state == ContainerRecord::State::Unknown)
      running.push_back(&record);
  }
  // Who waits for others comes after them, so that it also ends where no thread is free.
  std::stable_sort(running.begin(), running.end(), [&](const ContainerRecord* a, const ContainerRecord* b) {
    return stops_before(pod, a->name, b->name);
  });
  for (const auto* record : running) shared->open.insert(record->name);
  const auto stop_one = [this, &pod, shared, grace_s](const ContainerRecord& record) {
    auto stopped = stop_container(pod, record, "", grace_s, [&](Duration at_most) {
      const auto deadline = Deadline::after(at_most, deps_.clock);
      const auto waits = [&](const std::string& other) { return stops_before(pod, other, record.name); };
      Lock lock(shared->m);
      while (std::any_of(shared->open.begin(), shared->open.end(), waits) && !deadline.expired())
        shared->done.wait_until(shared->m, deadline);
    });
    Lock lock(shared->m);
    if (!stopped.ok() && shared->first.ok()) shared->first = std::move(stopped);
    shared->open.erase(record.name);
    shared->done.notify_all();
  };
  for (const auto* record : running) {
    if (running.size() == 1 || !deps_.executor.post([stop_one, record] { stop_one(*record); }))
      stop_one(*record);
  }
  Result<void> first;
  {
    Lock lock(shared->m);
    while (!shared->open.empty()) shared->done.wait(shared->m);
    first = shared->first;
  }
  for (const auto& sandbox : state.sandboxes) {
    cri::v1::StopPodSandboxRequest request;
    request.pod_sandbox_id = sandbox.id;
    auto stopped =
        cri::wait<&cri::Runtime::stop_pod_sandbox>(deps_.runtime, request, runtime_deadline(deps_.clock));
    if (!stopped.ok() && stopped.error().code() != Code::NotFound && first.ok()) first = stopped.error();
  }
  if (!first.ok()) {
    deps_.events.pod_event(pod, "", true, "FailedKillPod",
                           fmt::format("error killing pod: {}", first.error().message()));
  }
  return first;
}

void PodRunner::hurry(const RuntimePod& state, int64_t grace_s) {
  for (const auto& record : state.containers) {
    if (record.state != ContainerRecord::State::Running) continue;
    const bool posted = deps_.executor.post([this, id = record.id, grace_s] {
      cri::v1::StopContainerRequest request;
      request.container_id = id;
      request.timeout = grace_s;
      const auto stopped = cri::wait<&cri::Runtime::stop_container>(
          deps_.runtime, request,
          Deadline::after(kRuntimeTimeout + std::chrono::seconds(grace_s), deps_.clock));
      if (!stopped.ok())
        log::warn("kubelet", "Cannot stop container",
                  {log::kv("id", id), log::kv("error", stopped.error().message())});
    });
    if (!posted) log::warn("kubelet", "Too busy to shorten a grace period", {log::kv("id", record.id)});
  }
}

Result<void> PodRunner::release(const Pod& pod) {
  MZ_TRY(deps_.volumes.tear_down(pod.metadata.uid));
  if (!deps_.cgroups) return {};
  const auto group = pod_cgroup(pod, options_.cgroup_root);
  return deps_.cgroups->exists(group) ? deps_.cgroups->remove(group) : Result<void>();
}

Result<void> PodRunner::remove(const RuntimePod& state) {
  for (const auto& sandbox : state.sandboxes) {
    cri::v1::StopPodSandboxRequest stop;
    stop.pod_sandbox_id = sandbox.id;
    auto stopped =
        cri::wait<&cri::Runtime::stop_pod_sandbox>(deps_.runtime, stop, runtime_deadline(deps_.clock));
    if (!stopped.ok() && stopped.error().code() != Code::NotFound) return stopped.error();
    cri::v1::RemovePodSandboxRequest request;
    request.pod_sandbox_id = sandbox.id;
    auto removed =
        cri::wait<&cri::Runtime::remove_pod_sandbox>(deps_.runtime, request, runtime_deadline(deps_.clock));
    if (!removed.ok() && removed.error().code() != Code::NotFound) return removed.error();
  }
  if (state.name.empty()) return {};
  return linux::remove_all(pod_log_folder(options_.logs_folder, state.namespace_, state.name, state.uid));
}

void PodRunner::remove_old_records(const RuntimePod& state, const std::string& container, size_t keep) {
  for (const auto& record : state.containers) {
    if (record.name != container || record.state == ContainerRecord::State::Running) continue;
    if (keep > 0) {
      --keep;
      continue;
    }
    cri::v1::RemoveContainerRequest request;
    request.container_id = record.id;
    const auto removed =
        cri::wait<&cri::Runtime::remove_container>(deps_.runtime, request, runtime_deadline(deps_.clock));
    if (!removed.ok()) {
      log::warn("kubelet", "Cannot remove container",
                {log::kv("id", record.id), log::kv("error", removed.error().message())});
    } else if (!record.log_path.empty()) {
      const auto gone = linux::remove_all(record.log_path);
      if (!gone.ok()) log::warn("kubelet", "Cannot remove log", {log::kv("error", gone.error().message())});
    }
  }
}

void PodRunner::remove_empty_sandboxes(const RuntimePod& state) {
  for (const auto& sandbox : state.sandboxes) {
    const bool used = std::any_of(state.containers.begin(), state.containers.end(),
                                  [&](const auto& c) { return c.sandbox_id == sandbox.id; });
    if (sandbox.ready || used) continue;
    cri::v1::RemovePodSandboxRequest request;
    request.pod_sandbox_id = sandbox.id;
    const auto removed =
        cri::wait<&cri::Runtime::remove_pod_sandbox>(deps_.runtime, request, runtime_deadline(deps_.clock));
    if (!removed.ok()) {
      log::warn("kubelet", "Cannot remove sandbox",
                {log::kv("id", sandbox.id), log::kv("error", removed.error().message())});
    }
  }
}

std::string PodRunner::container_key(const Pod& pod, const Container& c) const {
  return fmt::format("{}/{}/{}", pod.metadata.uid, c.name, c.image);
}

Monotonic PodRunner::finished_at(const ContainerRecord& record) const {
  const auto now = deps_.clock.monotonic();
  return record.finished.is_set() ? now - (deps_.clock.wall() - record.finished.wall()) : now;
}

bool PodRunner::in_restart_backoff(const Pod& pod, const Container& c, const ContainerRecord& newest,
                                   StartFailure& failure) {
  const std::string key = container_key(pod, c);
  const auto since = finished_at(newest);
  if (restarts_.in_backoff(key, since)) {
    const auto pause = codec::format_go_duration(restarts_.pause(key).count());
    failure = {"CrashLoopBackOff", fmt::format("back-off {} restarting failed container={} pod={}", pause,
                                               c.name, pod_text(pod))};
    deps_.events.pod_event(
        pod, c.name, true, "BackOff",
        fmt::format("Back-off restarting failed container {} in pod {}", c.name, pod_text(pod)));
    return true;
  }
  restarts_.next(key, since);
  return false;
}

Duration PodRunner::backoff_left(const Pod& pod, const RuntimePod& state) const {
  Duration out{};
  const auto now = deps_.clock.monotonic();
  for (const auto* list : {&pod.spec.containers, &pod.spec.initContainers}) {
    for (const auto& c : *list) {
      const auto* newest = state.newest(c.name);
      if (!newest || newest->state != ContainerRecord::State::Exited) continue;
      const auto key = container_key(pod, c);
      const auto since = finished_at(*newest);
      if (!restarts_.in_backoff(key, since)) continue;
      const auto left = since + restarts_.pause(key) - now;
      if (out == Duration::zero() || left < out) out = left;
    }
  }
  return out;
}

}  // namespace mizzen::kubelet
