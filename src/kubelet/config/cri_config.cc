#include "kubelet/config/cri_config.h"

#include <fmt/format.h>

#include <set>

#include "base/strings.h"
#include "kubelet/decide/admission.h"
#include "kubelet/state/security_facts.h"

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;
namespace rt = cri::v1;

const std::vector<std::string> kMaskedPaths = {
    "/proc/asound",      "/proc/acpi",          "/proc/interrupts", "/proc/kcore",
    "/proc/keys",        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
    "/proc/sched_debug", "/proc/scsi",          "/sys/firmware",    "/sys/devices/virtual/powercap"};
const std::vector<std::string> kReadonlyPaths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                 "/proc/sysrq-trigger"};

rt::NamespaceOption namespaces_of(const Pod& pod) {
  rt::NamespaceOption out;
  out.network = pod.spec.hostNetwork ? rt::NamespaceMode::NODE : rt::NamespaceMode::POD;
  out.ipc = pod.spec.hostIPC ? rt::NamespaceMode::NODE : rt::NamespaceMode::POD;
  out.pid = pod.spec.hostPID                                 ? rt::NamespaceMode::NODE
            : pod.spec.shareProcessNamespace.value_or(false) ? rt::NamespaceMode::POD
                                                             : rt::NamespaceMode::CONTAINER;
  return out;
}

template <typename Box>
void set_selinux(Box& out, const v1::SELinuxOptions& from) {
  auto& o = out.ensure();
  o.user = from.user;
  o.role = from.role;
  o.type = from.type;
  o.level = from.level;
}

int32_t protocol_of(const std::string& name) {
  return name == "UDP" ? rt::Protocol::UDP : name == "SCTP" ? rt::Protocol::SCTP : rt::Protocol::TCP;
}

void add_ports(const Pod& pod, rt::PodSandboxConfig& out) {
  std::set<std::string> seen;
  for (const auto& c : pod.spec.containers) {
    for (const auto& p : c.ports) {
      if (!seen.insert(fmt::format("{}-{}:{}:{}", p.protocol, p.hostIP, p.containerPort, p.hostPort)).second)
        continue;
      auto& mapping = out.port_mappings.emplace_back();
      mapping.protocol = protocol_of(p.protocol);
      mapping.container_port = p.containerPort;
      mapping.host_port = p.hostPort;
      mapping.host_ip = p.hostIP;
    }
  }
}

std::vector<int64_t> supplemental_groups(const Pod& pod) {
  std::vector<int64_t> out;
  if (!pod.spec.securityContext) return out;
  if (pod.spec.securityContext->fsGroup) out.push_back(*pod.spec.securityContext->fsGroup);
  const auto& more = pod.spec.securityContext->supplementalGroups;
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

int32_t groups_policy(const Pod& pod) {
  const bool strict =
      pod.spec.securityContext && pod.spec.securityContext->supplementalGroupsPolicy.value_or("") == "Strict";
  return strict ? rt::SupplementalGroupsPolicy::Strict : rt::SupplementalGroupsPolicy::Merge;
}

/// In the field of today and in the one before it.
void set_app_armor(rt::LinuxContainerSecurityContext& out, const Pod& pod, const Container& c) {
  const auto profile = app_armor_profile(pod, c);
  if (!profile) return;
  auto& to = out.apparmor.ensure();
  if (profile->type == "RuntimeDefault") {
    to.profile_type = rt::SecurityProfileType::RuntimeDefault;
    out.apparmor_profile = "runtime/default";
  } else if (profile->type == "Unconfined") {
    to.profile_type = rt::SecurityProfileType::Unconfined;
    out.apparmor_profile = "unconfined";
  } else {
    to.profile_type = rt::SecurityProfileType::Localhost;
    to.localhost_ref = profile->localhostProfile.value_or("");
    out.apparmor_profile = "localhost/" + to.localhost_ref;
  }
}

void set_seccomp(rt::SecurityProfile& out, const v1::SeccompProfile* profile, const std::string& folder) {
  out.profile_type = rt::SecurityProfileType::Unconfined;
  if (!profile) return;
  if (profile->type == "RuntimeDefault") out.profile_type = rt::SecurityProfileType::RuntimeDefault;
  if (profile->type == "Localhost") {
    out.profile_type = rt::SecurityProfileType::Localhost;
    out.localhost_ref = folder + "/" + profile->localhostProfile.value_or("");
  }
}

/// Field by field, the container's over the pod's.
struct EffectiveSecurity {
  std::optional<int64_t> user, group;
  std::optional<bool> non_root;
  const v1::SeccompProfile* seccomp = nullptr;
  const v1::SELinuxOptions* selinux = nullptr;
};

EffectiveSecurity effective(const Pod& pod, const Container& c) {
  EffectiveSecurity out;
  if (pod.spec.securityContext) {
    const auto& p = *pod.spec.securityContext;
    out = {p.runAsUser, p.runAsGroup, p.runAsNonRoot, p.seccompProfile.get(), p.seLinuxOptions.get()};
  }
  if (!c.securityContext) return out;
  const auto& s = *c.securityContext;
  if (s.runAsUser) out.user = s.runAsUser;
  if (s.runAsGroup) out.group = s.runAsGroup;
  if (s.runAsNonRoot) out.non_root = s.runAsNonRoot;
  if (s.seccompProfile) out.seccomp = s.seccompProfile.get();
  if (s.seLinuxOptions) out.selinux = s.seLinuxOptions.get();
  return out;
}

Result<void> check_non_root(const EffectiveSecurity& security, const rt::Image& image, const Pod& pod,
                            const Container& c) {
  if (!security.non_root.value_or(false)) return {};
  const auto where = [&] { return fmt::format(" (pod: \"{}\", container: {})", pod_text(pod), c.name); };
  if (security.user) {
    if (*security.user != 0) return {};
    return Error(Code::BadRequest, "container's runAsUser breaks non-root policy" + where());
  }
  if (image.uid && image.uid->value != 0) return {};
  if (!image.username.empty()) {
    return Error(
        Code::BadRequest,
        fmt::format("container has runAsNonRoot and image has non-numeric user ({}), cannot verify user is "
                    "non-root{}",
                    image.username, where()));
  }
  return Error(Code::BadRequest, "container has runAsNonRoot and image will run as root" + where());
}

Result<rt::LinuxContainerSecurityContext> security_of(const ContainerConfigInput& in) {
  rt::LinuxContainerSecurityContext out;
  const auto security = effective(in.pod, in.container);
  MZ_TRY(check_non_root(security, in.image, in.pod, in.container));
  if (security.user) {
    out.run_as_user.ensure().value = *security.user;
  } else if (in.image.uid) {
    out.run_as_user.ensure().value = in.image.uid->value;
  } else {
    out.run_as_username = in.image.username;
  }
  if (security.group) out.run_as_group.ensure().value = *security.group;
  out.namespace_options = namespaces_of(in.pod);
  if (!in.target_id.empty()) {
    out.namespace_options->pid = rt::NamespaceMode::TARGET;
    out.namespace_options->target_id = in.target_id;
  }
  out.supplemental_groups = supplemental_groups(in.pod);
  out.supplemental_groups_policy = groups_policy(in.pod);
  set_seccomp(out.seccomp.ensure(), security.seccomp, in.seccomp_folder);
  set_app_armor(out, in.pod, in.container);
  if (security.selinux) set_selinux(out.selinux_options, *security.selinux);
  out.privileged = is_privileged(in.container);
  out.masked_paths = kMaskedPaths;
  out.readonly_paths = kReadonlyPaths;
  if (!in.container.securityContext) return out;
  const auto& s = *in.container.securityContext;
  out.readonly_rootfs = s.readOnlyRootFilesystem.value_or(false);
  out.no_new_privs = !s.allowPrivilegeEscalation.value_or(true);
  if (s.capabilities) {
    out.capabilities.ensure().add_capabilities = s.capabilities->add;
    out.capabilities->drop_capabilities = s.capabilities->drop;
  }
  if (s.procMount.value_or("") == "Unmasked") {
    out.masked_paths.clear();
    out.readonly_paths.clear();
  }
  return out;
}

int32_t propagation_of(const std::string& name) {
  return name == "HostToContainer" ? rt::MountPropagation::PROPAGATION_HOST_TO_CONTAINER
         : name == "Bidirectional" ? rt::MountPropagation::PROPAGATION_BIDIRECTIONAL
                                   : rt::MountPropagation::PROPAGATION_PRIVATE;
}

}  // namespace

std::string pod_log_folder(const std::string& logs_folder, const std::string& ns, const std::string& name,
                           const std::string& uid) {
  return fmt::format("{}/{}_{}_{}", logs_folder, ns, name, uid);
}

rt::PodSandboxConfig sandbox_config(const SandboxConfigInput& in) {
  const Pod& pod = in.pod;
  rt::PodSandboxConfig out;
  auto& meta = out.metadata.ensure();
  meta.name = pod.metadata.name;
  meta.namespace_ = pod.metadata.namespace_;
  meta.uid = pod.metadata.uid;
  meta.attempt = in.attempt;
  out.labels = pod.metadata.labels;
  out.labels.set(cri::kPodNameLabel, pod.metadata.name);
  out.labels.set(cri::kPodNamespaceLabel, pod.metadata.namespace_);
  out.labels.set(cri::kPodUidLabel, pod.metadata.uid);
  out.annotations = pod.metadata.annotations;
  if (!pod.spec.hostNetwork) {
    auto name = kernel_hostname(pod, in.cluster_domain);
    out.hostname = name.ok() ? std::move(*name) : pod_hostname(pod);
  }
  out.log_directory = in.log_folder;
  auto& dns = out.dns_config.ensure();
  dns.servers = in.dns.servers;
  dns.searches = in.dns.searches;
  dns.options = in.dns.options;
  add_ports(pod, out);
  auto& linux = out.linux.ensure();
  linux.cgroup_parent = in.cgroup_parent;
  auto& security = linux.security_context.ensure();
  security.namespace_options = namespaces_of(pod);
  set_seccomp(security.seccomp.ensure(), nullptr, "");
  security.seccomp->profile_type = rt::SecurityProfileType::RuntimeDefault;
  for (const auto& c : api::containers_of(pod.spec))
    security.privileged = security.privileged || is_privileged(c.spec);
  if (pod.spec.securityContext) {
    const auto& p = *pod.spec.securityContext;
    if (p.runAsUser) security.run_as_user.ensure().value = *p.runAsUser;
    if (p.runAsGroup) security.run_as_group.ensure().value = *p.runAsGroup;
    security.supplemental_groups = supplemental_groups(pod);
    if (p.seLinuxOptions) set_selinux(security.selinux_options, *p.seLinuxOptions);
    security.supplemental_groups_policy = groups_policy(pod);
    for (const auto& sysctl : p.sysctls) linux.sysctls.set(sysctl_name(sysctl.name), sysctl.value);
  }
  return out;
}

Result<rt::ContainerConfig> container_config(const ContainerConfigInput& in) {
  const Pod& pod = in.pod;
  const Container& c = in.container;
  rt::ContainerConfig out;
  out.metadata.ensure().name = c.name;
  out.metadata->attempt = static_cast<uint32_t>(in.restart_count);
  out.image.ensure().image = in.image_ref;
  out.image->user_specified_image = c.image;
  out.command = expand_all(c.command, in.environment);
  out.args = expand_all(c.args, in.environment);
  out.working_dir = c.workingDir;
  for (const auto& [name, value] : in.environment) {
    auto& e = out.envs.emplace_back();
    e.key = name;
    e.value = value;
  }
  for (const auto& m : in.mounts) {
    auto& mount = out.mounts.emplace_back();
    mount.host_path = m.host_path;
    mount.container_path = m.container_path;
    mount.readonly = m.read_only;
    mount.recursive_read_only = m.recursive_read_only;
    mount.propagation = propagation_of(m.propagation);
  }
  out.labels.set(cri::kPodNameLabel, pod.metadata.name);
  out.labels.set(cri::kPodNamespaceLabel, pod.metadata.namespace_);
  out.labels.set(cri::kPodUidLabel, pod.metadata.uid);
  out.labels.set(cri::kContainerNameLabel, c.name);
  out.annotations.set("io.kubernetes.container.hash", container_hash(c));
  out.annotations.set("io.kubernetes.container.restartCount", fmt::format("{}", in.restart_count));
  out.annotations.set("io.kubernetes.container.terminationMessagePath", c.terminationMessagePath);
  out.annotations.set("io.kubernetes.container.terminationMessagePolicy", c.terminationMessagePolicy);
  out.annotations.set("io.kubernetes.pod.terminationGracePeriod", fmt::format("{}", grace_seconds(pod)));
  out.log_path = fmt::format("{}/{}.log", c.name, in.restart_count);
  out.stdin = c.stdin;
  out.stdin_once = c.stdinOnce;
  out.tty = c.tty;
  const auto kernel = kernel_resources(pod, c, in.node_memory_bytes);
  auto& resources = out.linux.ensure().resources.ensure();
  resources.cpu_shares = kernel.cpu_shares;
  resources.cpu_quota = kernel.cpu_quota_us;
  resources.cpu_period = kCpuPeriodUs;
  resources.memory_limit_in_bytes = kernel.memory_limit_bytes;
  resources.oom_score_adj = kernel.oom_score_adj;
  for (const auto& [size, bytes] : huge_page_limits(pod, c, in.huge_pages)) {
    auto& limit = resources.hugepage_limits.emplace_back();
    limit.page_size = huge_page_name(size);
    limit.limit = bytes;
  }
  MZ_ASSIGN(out.linux->security_context, security_of(in));
  return out;
}

}  // namespace mizzen::kubelet
