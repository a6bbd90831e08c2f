#include "kubelet/work/operations/container_setup.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "base/file.h"
#include "base/strings.h"
#include "kubelet/groups/orphaned_groups.h"
#include "kubelet/state/security_facts.h"
#include "linux/files/file.h"
#include "linux/files/passing_file.h"

namespace mizzen::kubelet {
namespace {

bool mounts_at(const Container& c, std::string_view path) {
  return std::any_of(c.volumeMounts.begin(), c.volumeMounts.end(),
                     [&](const auto& m) { return m.mountPath == path; });
}

Result<std::vector<ReadyMount>> make_mounts(NodeWorld& world, const Pod& pod, const Container& c,
                                            const std::vector<Variable>& environment,
                                            const std::vector<std::string>& ips) {
  std::vector<ReadyMount> out;
  const NodeAbilities abilities = world.abilities();
  for (size_t i = 0; i < c.volumeMounts.size(); ++i) {
    const auto& mount = c.volumeMounts[i];
    const auto volume = std::find_if(pod.spec.volumes.begin(), pod.spec.volumes.end(),
                                     [&](const auto& v) { return v.name == mount.name; });
    if (volume == pod.spec.volumes.end()) {
      return Error(Code::BadRequest, fmt::format("cannot find volume \"{}\" to mount into container \"{}\"",
                                                 mount.name, c.name));
    }
    MZ_ASSIGN(const auto ready, world.volumes.ready(*volume, pod));
    ReadyMount m{ready.host_path, mount.mountPath, mount.readOnly || ready.read_only,
                 mount.mountPropagation.value_or("None")};
    auto recursive = is_recursively_read_only(mount, abilities.recursive_read_only);
    if (!recursive.ok())
      return Error(recursive.error().code(),
                   "failed to resolve recursive read-only mode: " + recursive.error().message());
    m.recursive_read_only = *recursive;
    if (!m.container_path.starts_with("/")) m.container_path = "/" + m.container_path;
    std::string sub = mount.subPath;
    if (sub.empty()) {
      MZ_ASSIGN(sub, expand_path(mount.subPathExpr, environment));
    }
    if (!sub.empty()) {
      MZ_ASSIGN(m.host_path, world.volumes.bind_sub_path({pod.metadata.uid, mount.name, ready.host_path,
                                                          c.name, i, sub, m.read_only}));
    }
    out.push_back(std::move(m));
  }
  const std::string folder = world.volumes.pod_folder(pod.metadata.uid);
  if ((!ips.empty() || pod.spec.hostNetwork) && !mounts_at(c, "/etc/hosts")) {
    const auto host_file =
        pod.spec.hostNetwork ? read_file("/etc/hosts") : Result<std::string>(std::string());
    MZ_TRY(make_folders(folder, 0750));
    MZ_TRY(linux::write_passing_file(
        folder + "/etc-hosts",
        hosts_file(pod, ips, world.options.dns.domain, host_file.ok() ? *host_file : ""), 0644));
    out.push_back({folder + "/etc-hosts", "/etc/hosts", false, "None"});
  }
  if (!c.terminationMessagePath.empty()) {
    const std::string own = fmt::format("{}/containers/{}", folder, c.name);
    MZ_TRY(make_folders(own, 0750));
    const std::string file = fmt::format("{}/{:08x}", own, world.random.below(1ull << 32));
    MZ_TRY(linux::write_passing_file(file, "", 0666));
    out.push_back({file, c.terminationMessagePath, false, "None"});
  }
  return out;
}

}  // namespace

/// Where the runtime forgot the earlier containers (a restart of all, a reboot), their logs still say how
/// many there were.
int32_t restarts_by_logs(const NodeWorld& world, const Pod& pod, const std::string& container) {
  const auto& meta = pod.metadata;
  const auto names = linux::list_folder(
      pod_log_folder(world.options.logs_folder, meta.namespace_, meta.name, meta.uid) + "/" + container);
  int32_t out = 0;
  for (const auto& name : names.ok() ? *names : std::vector<std::string>()) {
    const auto number = parse_int<int32_t>(name.substr(0, name.find('.')));
    if (number && *number >= 0 && *number < INT32_MAX) out = std::max(out, *number + 1);
  }
  return out;
}

Result<cri::v1::ContainerConfig> configure_container(NodeWorld& world, const Pod& pod, const Container& c,
                                                     int32_t restarts, const Placed& placed,
                                                     const PulledImage& image, const std::string& target_id) {
  // The pod was admitted without it: an ephemeral container came later.
  if (is_privileged(c) && !world.abilities().privileged)
    return Error(Code::Forbidden,
                 fmt::format("container {} is privileged, but that is disallowed on this node", c.name));
  const Pod with_addresses = addressed(pod, world.host_ips(), placed.ips);
  // A static pod may be what the API itself runs in: it does not wait for it.
  auto services = world.services(pod.metadata.namespace_);
  if (!services.ok() && !is_static(pod)) return services.error();
  const Services known = services.ok() ? std::move(*services) : Services();
  const auto allocatable = world.allocatable();
  MZ_ASSIGN(const auto environment, make_environment({with_addresses, c, world.objects, known, allocatable,
                                                      world.options.relaxed_environment_names}));
  for (const auto& text : environment.skipped)
    world.events.pod_event(pod, "", true, "InvalidEnvironmentVariableNames", text);
  MZ_ASSIGN(const auto mounts, make_mounts(world, with_addresses, c, environment.variables, placed.ips));
  return container_config({.pod = pod,
                           .container = c,
                           .restart_count = restarts,
                           .image_ref = image.ref,
                           .image = image.image,
                           .environment = environment.variables,
                           .mounts = mounts,
                           .node_memory_bytes = world.options.node_memory_bytes,
                           .seccomp_folder = world.options.seccomp_folder,
                           .huge_pages = world.abilities().huge_pages,
                           .target_id = target_id});
}

Credentials pull_credentials(NodeWorld& world, const Pod& pod, const std::string& image) {
  Keyring keyring;
  std::vector<std::string> missing;
  for (const auto& reference : pod.spec.imagePullSecrets) {
    const auto secret = world.objects.secret(pod.metadata.namespace_, reference.name);
    if (!secret.ok()) {
      missing.push_back(reference.name);
      continue;
    }
    if (const auto added = keyring.add(**secret); !added.ok()) {
      world.events.pod_event(
          pod, "", true, "FailedToReadImagePullSecret",
          fmt::format("Unable to read image pull secret {}: {}", reference.name, added.error().message()));
    }
  }
  if (!missing.empty()) {
    world.events.pod_event(
        pod, "", true, "FailedToRetrieveImagePullSecret",
        fmt::format(
            "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
            join(missing, ", ")));
  }
  return keyring.find(image);
}

Result<void> release(NodeWorld& world, const Pod& pod) {
  MZ_TRY(world.volumes.tear_down(pod.metadata.uid));
  if (!world.cgroups) return {};
  return remove_pod_group(*world.cgroups, pod_cgroup(pod, world.options.cgroup_root),
                          [](int pid) { ::kill(pid, SIGKILL); });
}

}  // namespace mizzen::kubelet
