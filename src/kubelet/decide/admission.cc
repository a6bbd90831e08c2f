#include "kubelet/decide/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/kinds/core/pod/tolerations.h"
#include "base/strings.h"
#include "kubelet/state/security_facts.h"

namespace mizzen::kubelet {
namespace {

constexpr const char* kOsLabel = "kubernetes.io/os";

/// A kernel parameter of a pod's own, which harms nobody else, and since when the kernel has it so.
struct SafeSysctl {
  const char* name;
  bool of_network;  ///< else of the namespace of IPC
  std::pair<int, int> kernel = {0, 0};
};
constexpr SafeSysctl kSafeSysctls[] = {{"kernel.shm_rmid_forced", false},
                                       {"net.ipv4.ip_local_port_range", true},
                                       {"net.ipv4.tcp_syncookies", true},
                                       {"net.ipv4.ping_group_range", true},
                                       {"net.ipv4.ip_unprivileged_port_start", true},
                                       {"net.ipv4.ip_local_reserved_ports", true, {3, 16}},
                                       {"net.ipv4.tcp_keepalive_time", true, {4, 5}},
                                       {"net.ipv4.tcp_fin_timeout", true, {4, 6}},
                                       {"net.ipv4.tcp_keepalive_intvl", true, {4, 5}},
                                       {"net.ipv4.tcp_keepalive_probes", true, {4, 5}},
                                       {"net.ipv4.tcp_rmem", true, {4, 15}},
                                       {"net.ipv4.tcp_wmem", true, {4, 15}}};

/// 6.1 of 6.1.0-18-amd64.
std::pair<int, int> kernel_of(std::string_view text) {
  const auto number = [&] {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    const int out = parse_int<int>(text.substr(0, end)).value_or(0);
    text.remove_prefix(std::min(end + 1, text.size()));
    return out;
  };
  const int major = number();
  return {major, number()};
}

std::string sysctl_problem(const Pod& pod, const std::string& written, const std::string& kernel) {
  const std::string name = sysctl_name(written);
  for (const auto& safe : kSafeSysctls) {
    if (name != safe.name || kernel_of(kernel) < safe.kernel) continue;
    const bool shared = safe.of_network ? pod.spec.hostNetwork : pod.spec.hostIPC;
    if (!shared) return {};
    return fmt::format("\"{}\" not allowed with host {} enabled", name, safe.of_network ? "Net" : "IPC");
  }
  return fmt::format("\"{}\" not allowlisted", name);
}

bool asks_for_privileges(const Pod& pod) {
  const auto all = api::containers_of(pod.spec);
  return std::any_of(all.begin(), all.end(), [](const auto& c) { return is_privileged(c.spec); });
}

bool asks_for_app_armor(const Pod& pod) {
  const auto confines = [](const auto& security) {
    return security && security->appArmorProfile && security->appArmorProfile->type != "Unconfined";
  };
  if (confines(pod.spec.securityContext)) return true;
  for (const auto& c : api::containers_of(pod.spec))
    if (confines(c.spec.securityContext)) return true;
  return std::any_of(pod.metadata.annotations.begin(), pod.metadata.annotations.end(), [](const auto& a) {
    return a.first.starts_with(kAppArmorAnnotationPrefix) && a.second != "unconfined";
  });
}

/// A node that is short of memory alone takes what asked for some.
std::optional<Refusal> pressure_refusal(const Pod& pod, const Pressures& pressures) {
  if (!pressures.any() || is_critical(pod)) return std::nullopt;
  if (pressures.memory && !pressures.disk && !pressures.pids) {
    api::core::v1::Taint taint;
    taint.key = "node.kubernetes.io/memory-pressure";
    taint.effect = "NoSchedule";
    if (qos_class(pod) != "BestEffort" || api::tolerates(pod.spec.tolerations, taint)) return std::nullopt;
  }
  std::vector<std::string> names;
  if (pressures.memory) names.emplace_back("MemoryPressure");
  if (pressures.disk) names.emplace_back("DiskPressure");
  if (pressures.pids) names.emplace_back("PIDPressure");
  return Refusal{"Evicted", fmt::format("The node had condition: [{}]. ", join(names, " "))};
}

std::optional<Refusal> system_refusal(const Pod& pod) {
  if (const auto* label = pod.metadata.labels.find(kOsLabel); label && *label != "linux")
    return Refusal{"PodOSSelectorNodeLabelDoesNotMatch",
                   "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"};
  if (pod.spec.os && pod.spec.os->name != "linux")
    return Refusal{"PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"};
  return std::nullopt;
}

}  // namespace

std::string sysctl_name(const std::string& name) {
  const auto first = name.find_first_of("./");
  if (first == std::string::npos || name[first] == '.') return name;
  std::string out = name;
  for (char& c : out) c = c == '/' ? '.' : c == '.' ? '/' : c;
  return out;
}

std::optional<Refusal> refusal_of(const Pod& pod, const NodeAbilities& node) {
  if (auto refused = pressure_refusal(pod, node.pressures)) return refused;
  const auto* security = pod.spec.securityContext.get();
  if (security) {
    for (const auto& sysctl : security->sysctls) {
      const auto problem = sysctl_problem(pod, sysctl.name, node.kernel_version);
      if (!problem.empty()) return Refusal{"SysctlForbidden", "forbidden sysctl: " + problem};
    }
  }
  if (auto refused = system_refusal(pod)) return refused;
  if (security && security->supplementalGroupsPolicy.value_or("") == "Strict" && !node.groups_policy)
    return Refusal{"SupplementalGroupsPolicyNotSupported",
                   "SupplementalGroupsPolicy=Strict is not supported in this node"};
  if (!node.privileged && asks_for_privileges(pod))
    return Refusal{"Forbidden",
                   fmt::format("pod with UID {} specified privileged container, but is disallowed",
                               quote(pod.metadata.uid))};
  if (asks_for_app_armor(pod) && !node.app_armor)
    return Refusal{"AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host"};
  return std::nullopt;
}

std::string sandbox_problem(const Pod& pod, const NodeAbilities& node) {
  const auto& spec = pod.spec;
  // No class is asked for its handler here: better no sandbox than one less isolated than asked for.
  if (spec.runtimeClassName && !spec.runtimeClassName->empty())
    return fmt::format(
        "can't set `spec.runtimeClassName: {}`, this node's agent does not support runtime classes",
        *spec.runtimeClassName);
  if (!spec.hostUsers.value_or(true))
    return fmt::format("can't set `spec.hostUsers: false`, {} does not support user namespaces",
                       node.user_namespaces ? "this node's agent" : "runtime");
  return {};
}

std::vector<std::string> fields_without_effect(const Pod& pod) {
  std::vector<std::string> out;
  for (const auto& c : api::made_containers_of(pod.spec))
    if (c.spec.lifecycle && c.spec.lifecycle->stopSignal)
      out.push_back(container_field_path(pod, c.spec.name) + ".lifecycle.stopSignal");
  return out;
}

}  // namespace mizzen::kubelet
