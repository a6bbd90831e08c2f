#include "kubelet/work/operations/make_sandbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "kubelet/config/cri_config.h"
#include "kubelet/config/resources.h"
#include "kubelet/decide/admission.h"
#include "kubelet/work/operations/old_records.h"

namespace mizzen::kubelet {
namespace {
constexpr auto kSandboxTimeout = std::chrono::minutes(4);
}  // namespace

cri::v1::PodSandboxConfig make_sandbox_config(const NodeWorld& world, const Pod& pod, uint32_t attempt,
                                              PodDns* dns) {
  const auto& o = world.options;
  const auto host = read_file(o.resolv_conf);
  PodDns found = pod_dns(pod, o.dns, parse_resolv_conf(host.ok() ? *host : ""));
  auto config = sandbox_config({.pod = pod,
                                .attempt = attempt,
                                .dns = found.conf,
                                .log_folder = pod_log_folder(o.logs_folder, pod.metadata.namespace_,
                                                             pod.metadata.name, pod.metadata.uid),
                                .cgroup_parent = pod_cgroup(pod, o.cgroup_root),
                                .cluster_domain = o.dns.domain});
  if (dns) *dns = std::move(found);
  return config;
}

MakeSandbox::MakeSandbox(NodeWorld& world, std::shared_ptr<Executor> lane, std::shared_ptr<const Pod> pod,
                         RuntimePod state, uint32_t attempt, Done done)
    : Operation(world, std::move(lane)),
      pod_(std::move(pod)),
      state_(std::move(state)),
      attempt_(attempt),
      done_(std::move(done)) {}

std::shared_ptr<MakeSandbox> MakeSandbox::begin(NodeWorld& world, std::shared_ptr<Executor> lane,
                                                std::shared_ptr<const Pod> pod, RuntimePod state,
                                                uint32_t attempt, Done done) {
  std::shared_ptr<MakeSandbox> out(
      new MakeSandbox(world, std::move(lane), std::move(pod), std::move(state), attempt, std::move(done)));
  out->start();
  return out;
}

void MakeSandbox::start() {
  if (attempt_ > 0) {
    world_.events.pod_event(*pod_, "", false, "SandboxChanged",
                            "Pod sandbox changed, it will be killed and re-created.");
  }
  remove_leftovers();
  cri::v1::RunPodSandboxRequest request;
  if (const auto ready = prepare(request); !ready.ok()) {
    // Told as from elsewhere: whoever begins this is told after it knows of it.
    return on_lane([this, ready](int) { done_(ready); })(0);
  }
  call<&cri::Runtime::run_pod_sandbox>(request, kSandboxTimeout,
                                       [this](const auto& answer) { made(answer); });
}

void MakeSandbox::remove_leftovers() {
  remove_empty_sandboxes(world_, state_);
  // Init containers run again in a new sandbox: what the old ones left must not pass for theirs.
  for (const auto& c : pod_->spec.initContainers) remove_old_records(world_, state_, c.name, 0);
}

Result<void> MakeSandbox::prepare(cri::v1::RunPodSandboxRequest& request) {
  // Its containers would not get what they claim.
  if (!pod_->spec.resourceClaims.empty()) {
    const std::string text =
        "Failed to prepare dynamic resources: drivers of devices are not supported by this node yet";
    world_.events.pod_event(*pod_, "", true, "FailedPrepareDynamicResources", text);
    return Error(Code::BadRequest, text);
  }
  if (world_.cgroups) {
    if (world_.update_groups) world_.update_groups();
    const auto done = world_.cgroups->ensure(pod_cgroup(*pod_, world_.options.cgroup_root),
                                             pod_limits(*pod_, world_.options.pids_max));
    if (!done.ok()) {
      world_.events.pod_event(
          *pod_, "", true, "FailedCreatePodContainer",
          fmt::format("unable to ensure pod container exists: {}", done.error().message()));
      return done;
    }
  }
  auto problem = sandbox_problem(*pod_, world_.abilities());
  const auto hostname = kernel_hostname(*pod_, world_.options.dns.domain);
  if (problem.empty() && !hostname.ok()) problem = hostname.error().message();
  if (!problem.empty()) {
    world_.events.pod_event(*pod_, "", true, "FailedCreatePodSandBox",
                            "Failed to create pod sandbox: " + problem);
    return Error(Code::BadRequest, problem);
  }
  PodDns dns;
  request.config = make_sandbox_config(world_, *pod_, attempt_, &dns);
  tell_dns_problems(dns);
  return make_folders(request.config->log_directory, 0755);
}

/// Once for each sandbox: upstream says it again with each sync.
void MakeSandbox::tell_dns_problems(const PodDns& dns) {
  for (const auto& problem : dns.forming_problems)
    world_.events.pod_event(*pod_, "", true, "DNSConfigForming", problem);
  if (!dns.missing_cluster_dns) return;
  const std::string text =
      "kubelet does not have ClusterDNS IP configured and cannot create Pod using \"ClusterFirst\" policy. "
      "Falling back to \"Default\" policy.";
  if (!world_.missing_dns_told.exchange(true)) world_.events.node_event(true, "MissingClusterDNS", text);
  world_.events.pod_event(*pod_, "", true, "MissingClusterDNS",
                          fmt::format("pod: \"{}\". {}", pod_text(*pod_), text));
}

void MakeSandbox::made(const Result<cri::v1::RunPodSandboxResponse>& answer) {
  if (!answer.ok()) {
    if (!is_cancelled()) {
      world_.events.pod_event(*pod_, "", true, "FailedCreatePodSandBox",
                              fmt::format("Failed to create pod sandbox: {}", answer.error().message()));
    }
    return done_(answer.error());
  }
  const auto& meta = pod_->metadata;
  world_.cache.look_at_sandbox(answer->pod_sandbox_id, {meta.uid, meta.namespace_, meta.name},
                               on_lane([this](const Result<void>& result) { seen(result); }));
}

void MakeSandbox::seen(const Result<void>& result) {
  if (!result.ok() && !is_cancelled()) {
    world_.events.pod_event(*pod_, "", true, "FailedPodSandBoxStatus",
                            fmt::format("Unable to get pod sandbox status: {}", result.error().message()));
  }
  done_(result);
}

}  // namespace mizzen::kubelet
