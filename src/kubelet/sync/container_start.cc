// The part of PodRunner that starts one container.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/file.h"
#include "base/random.h"
#include "base/strings.h"
#include "codec/json/tree.h"
#include "cri/blocking.h"
#include "kubelet/sync/pod_runner.h"
#include "linux/files/file.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

using Outcome = HandlerResult::Outcome;
constexpr const char* kLifecycleAgent = "kube-lifecycle/1.36";
constexpr auto kHookTimeout = std::chrono::minutes(10);

Deadline runtime_deadline(const Clock& clock) { return Deadline::after(kRuntimeTimeout, clock); }

/// Reasons that stand in an event's `Error: ...` by their name; the others by their text.
bool told_by_reason(const std::string& reason) {
  return reason == "ErrImagePull" || reason == "ImagePullBackOff" || reason == "InvalidImageName" ||
         reason == "ErrImageNeverPull" || reason == "ImageInspectError";
}

bool mounts_at(const Container& c, std::string_view path) {
  return std::any_of(c.volumeMounts.begin(), c.volumeMounts.end(),
                     [&](const auto& m) { return m.mountPath == path; });
}

}  // namespace

/// Where the runtime forgot the earlier containers (a restart of all, a reboot), their logs still say how
/// many there were.
int32_t PodRunner::restarts_by_logs(const Pod& pod, const std::string& container) const {
  const auto& meta = pod.metadata;
  const auto names = linux::list_folder(
      pod_log_folder(options_.logs_folder, meta.namespace_, meta.name, meta.uid) + "/" + container);
  int32_t out = 0;
  for (const auto& name : names.ok() ? *names : std::vector<std::string>()) {
    const auto number = parse_int<int32_t>(name.substr(0, name.find('.')));
    if (number && *number >= 0 && *number < INT32_MAX) out = std::max(out, *number + 1);
  }
  return out;
}

bool PodRunner::start_container(const Pod& pod, const Container& c, const RuntimePod& state,
                                const Placed& placed, Failures& failures) {
  const auto fail = [&](StartFailure failure) {
    if (failure.reason != "CrashLoopBackOff" && failure.reason != "PostStartHookError") {
      deps_.events.pod_event(
          pod, c.name, true, "Failed",
          fmt::format("Error: {}", told_by_reason(failure.reason) ? failure.reason : failure.message));
    }
    failures[c.name] = std::move(failure);
    return false;
  };
  StartFailure failure;
  const auto* newest = state.newest(c.name);
  if (newest && newest->state == ContainerRecord::State::Exited &&
      in_restart_backoff(pod, c, *newest, failure))
    return fail(failure);
  PulledImage image;
  if (!deps_.puller.ensure(pod, c, pull_credentials(pod, c.image), placed.config, image, failure))
    return fail(failure);
  const int32_t restarts = newest ? newest->restart_count + 1 : restarts_by_logs(pod, c.name);
  auto config = configure(pod, c, restarts, placed, image);
  if (!config.ok()) return fail({"CreateContainerConfigError", config.error().message()});

  cri::v1::CreateContainerRequest create;
  create.pod_sandbox_id = placed.id;
  create.config = *config;
  create.sandbox_config = placed.config;
  auto created =
      cri::wait<&cri::Runtime::create_container>(deps_.runtime, create, runtime_deadline(deps_.clock));
  if (!created.ok()) return fail({"CreateContainerError", created.error().message()});
  deps_.events.pod_event(pod, c.name, false, "Created", "Container created");
  cri::v1::StartContainerRequest start;
  start.container_id = created->container_id;
  auto started =
      cri::wait<&cri::Runtime::start_container>(deps_.runtime, start, runtime_deadline(deps_.clock));
  remove_old_records(state, c.name, 1);  // what `logs --previous` shows stays
  if (!started.ok()) return fail({"RunContainerError", started.error().message()});
  deps_.events.pod_event(pod, c.name, false, "Started", "Container started");
  if (!run_post_start(pod, c, created->container_id, placed, failure)) return fail(failure);
  failures.erase(c.name);
  return true;
}

Result<cri::v1::ContainerConfig> PodRunner::configure(const Pod& pod, const Container& c, int32_t restarts,
                                                      const Placed& placed, const PulledImage& image) {
  const Pod with_addresses = addressed(pod, options_.host_ips, placed.ips);
  MZ_ASSIGN(const auto services, deps_.services(pod.metadata.namespace_));
  const auto allocatable = deps_.allocatable();
  MZ_ASSIGN(const auto environment, make_environment({with_addresses, c, deps_.objects, services, allocatable,
                                                      options_.relaxed_environment_names}));
  for (const auto& text : environment.skipped)
    deps_.events.pod_event(pod, "", true, "InvalidEnvironmentVariableNames", text);
  MZ_ASSIGN(const auto mounts, make_mounts(with_addresses, c, environment.variables, placed.ips));
  return container_config({.pod = pod,
                           .container = c,
                           .restart_count = restarts,
                           .image_ref = image.ref,
                           .image = image.image,
                           .environment = environment.variables,
                           .mounts = mounts,
                           .node_memory_bytes = options_.node_memory_bytes,
                           .seccomp_folder = options_.seccomp_folder});
}

Result<std::vector<ReadyMount>> PodRunner::make_mounts(const Pod& pod, const Container& c,
                                                       const std::vector<Variable>& environment,
                                                       const std::vector<std::string>& ips) {
  std::vector<ReadyMount> out;
  const auto allocatable = deps_.allocatable();
  const volumes::PayloadContext context{pod, deps_.objects, allocatable};
  for (size_t i = 0; i < c.volumeMounts.size(); ++i) {
    const auto& mount = c.volumeMounts[i];
    const auto volume = std::find_if(pod.spec.volumes.begin(), pod.spec.volumes.end(),
                                     [&](const auto& v) { return v.name == mount.name; });
    if (volume == pod.spec.volumes.end()) {
      return Error(Code::BadRequest, fmt::format("cannot find volume \"{}\" to mount into container \"{}\"",
                                                 mount.name, c.name));
    }
    MZ_ASSIGN(const auto ready, deps_.volumes.set_up(*volume, context));
    ReadyMount m{ready.host_path, mount.mountPath, mount.readOnly || ready.read_only,
                 mount.mountPropagation.value_or("None")};
    if (!m.container_path.starts_with("/")) m.container_path = "/" + m.container_path;
    const std::string sub =
        mount.subPath.empty() ? expand_all({mount.subPathExpr}, environment).front() : mount.subPath;
    if (!sub.empty()) {
      MZ_ASSIGN(m.host_path, deps_.volumes.bind_sub_path({pod.metadata.uid, mount.name, ready.host_path,
                                                          c.name, i, sub, m.read_only}));
    }
    out.push_back(std::move(m));
  }
  const std::string folder = deps_.volumes.pod_folder(pod.metadata.uid);
  if ((!ips.empty() || pod.spec.hostNetwork) && !mounts_at(c, "/etc/hosts")) {
    const auto host_file =
        pod.spec.hostNetwork ? read_file("/etc/hosts") : Result<std::string>(std::string());
    MZ_TRY(make_folders(folder, 0750));
    MZ_TRY(write_file(folder + "/etc-hosts",
                      hosts_file(pod, ips, options_.dns.domain, host_file.ok() ? *host_file : ""), 0644));
    out.push_back({folder + "/etc-hosts", "/etc/hosts", false, "None"});
  }
  if (!c.terminationMessagePath.empty()) {
    const std::string own = fmt::format("{}/containers/{}", folder, c.name);
    MZ_TRY(make_folders(own, 0750));
    const std::string file = fmt::format("{}/{:08x}", own, deps_.random.below(1ull << 32));
    MZ_TRY(write_file(file, "", 0666));
    out.push_back({file, c.terminationMessagePath, false, "None"});
  }
  return out;
}

bool PodRunner::run_post_start(const Pod& pod, const Container& c, const std::string& id,
                               const Placed& placed, StartFailure& failure) {
  if (!c.lifecycle || !c.lifecycle->postStart) return true;
  const auto& hook = *c.lifecycle->postStart;
  const HandlerTarget target{pod, c, id, addressed(pod, options_.host_ips, placed.ips).status.podIP};
  HandlerResult result;
  if (hook.exec) {
    result = deps_.handlers.exec(target, *hook.exec, Duration::zero());
  } else if (hook.httpGet) {
    result = deps_.handlers.http_get(target, *hook.httpGet, kHookTimeout, kLifecycleAgent, true);
  } else if (hook.sleep) {
    StopToken().wait_until(Deadline::after(std::chrono::seconds(hook.sleep->seconds), deps_.clock));
  }
  if (result.outcome == Outcome::Success) return true;
  deps_.events.pod_event(pod, c.name, true, "FailedPostStartHook", "PostStartHook failed");
  ContainerRecord record;
  record.id = id;
  record.name = c.name;
  record.state = ContainerRecord::State::Running;
  const auto stopped = stop_container(pod, record, "FailedPostStartHook", grace_seconds(pod));
  if (!stopped.ok())
    log::warn("kubelet", "Cannot stop container", {log::kv("error", stopped.error().message())});
  failure = {"PostStartHookError", fmt::format("PostStartHook failed: {}", result.output)};
  return false;
}

void PodRunner::run_pre_stop(const Pod& pod, const Container& c, const ContainerRecord& record,
                             Duration grace) {
  if (!c.lifecycle || !c.lifecycle->preStop) return;
  const auto& hook = *c.lifecycle->preStop;
  const HandlerTarget target{pod, c, record.id, pod.status.podIP};
  HandlerResult result;
  if (hook.exec) {
    result = deps_.handlers.exec(target, *hook.exec, grace);
  } else if (hook.httpGet) {
    result = deps_.handlers.http_get(target, *hook.httpGet, grace, kLifecycleAgent, true);
  } else if (hook.sleep) {
    const Duration wanted = std::chrono::seconds(hook.sleep->seconds);
    StopToken().wait_until(Deadline::after(std::min(wanted, grace), deps_.clock));
  }
  if (result.outcome != Outcome::Success)
    deps_.events.pod_event(pod, c.name, true, "FailedPreStopHook", "PreStopHook failed");
}

Credentials PodRunner::pull_credentials(const Pod& pod, const std::string& image) {
  Credentials out;
  std::vector<std::string> missing;
  for (const auto& reference : pod.spec.imagePullSecrets) {
    auto secret = deps_.objects.secret(pod.metadata.namespace_, reference.name);
    if (!secret.ok()) {
      missing.push_back(reference.name);
      continue;
    }
    const auto* text = (*secret)->data.find(".dockerconfigjson");
    auto document = text ? codec::Value::parse(*text) : Result<codec::Value>(codec::Value());
    const codec::Value* hosts = document.ok() && document->is_object() ? document->find("auths") : nullptr;
    if (!hosts || !hosts->is_object()) continue;
    for (const auto& [host, entry] : hosts->members()) {
      if (!entry.is_object() || !credential_matches(host, image)) continue;
      const auto field = [&](std::string_view name) {
        const auto* v = entry.find(name);
        return v ? v->text() : std::string();
      };
      cri::v1::AuthConfig auth;
      auth.username = field("username");
      auth.password = field("password");
      auth.auth = field("auth");
      auth.identity_token = field("identitytoken");
      out.push_back(std::move(auth));
    }
  }
  if (!missing.empty()) {
    deps_.events.pod_event(
        pod, "", true, "FailedToRetrieveImagePullSecret",
        fmt::format(
            "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
            join(missing, ", ")));
  }
  return out;
}

}  // namespace mizzen::kubelet
