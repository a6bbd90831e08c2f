#include "kubelet/state/pod_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/kinds/core/pod/pod_qos.h"
#include "codec/json/json_text.h"

namespace mizzen::kubelet {
namespace {

constexpr size_t kHostnameMax = 63;
constexpr size_t kKernelNameMax = 64;
constexpr int64_t kGraceDefault = 30;
constexpr int32_t kCriticalPriority = 2'000'000'000;

uint32_t fnv32a(std::string_view text) {
  uint32_t h = 2166136261u;
  for (const char c : text) h = (h ^ static_cast<uint8_t>(c)) * 16777619u;
  return h;
}

}  // namespace

bool is_static(const Pod& pod) {
  const auto* source = pod.metadata.annotations.find(kSourceAnnotation);
  return source && is_static_source(*source);
}

bool is_static_source(std::string_view source) { return !source.empty() && source != "api"; }

bool is_mirror(const Pod& pod) { return pod.metadata.annotations.find(kMirrorAnnotation) != nullptr; }

std::string pod_text(const Pod& pod) {
  return fmt::format("{}_{}({})", pod.metadata.name, pod.metadata.namespace_, pod.metadata.uid);
}

bool stops_before(const Pod& pod, const std::string& first, const std::string& second) {
  const auto rank = [&](const std::string& name) {  // 0: no sidecar; else the later it started, the lower
    const auto& all = pod.spec.initContainers;
    for (size_t i = 0; i < all.size(); ++i)
      if (all[i].name == name && is_sidecar(all[i])) return all.size() - i;
    return size_t{0};
  };
  return rank(first) < rank(second);
}

bool is_critical(const Pod& pod) {
  return pod.spec.priority.value_or(0) >= kCriticalPriority || is_static(pod) || is_mirror(pod);
}

bool is_terminal(const std::string& phase) { return phase == "Succeeded" || phase == "Failed"; }

std::string qos_class(const Pod& pod) { return std::string(api::qos_class(pod.spec)); }

std::string pod_cgroup(const Pod& pod, const std::string& root) {
  const auto qos = qos_class(pod);
  const char* middle = qos == "BestEffort" ? "/besteffort" : qos == "Burstable" ? "/burstable" : "";
  return fmt::format("{}{}/pod{}", root, middle, pod.metadata.uid);
}

std::string container_hash(const Container& c) {
  std::string text = "{\"name\":";
  codec::append_json_string(text, c.name);
  text += ",\"image\":";
  codec::append_json_string(text, c.image);
  return fmt::format("{:x}", fnv32a(text + "}"));
}

const Container* find_container(const Pod& pod, const std::string& name) {
  for (const auto& c : api::containers_of(pod.spec))
    if (c.spec.name == name) return &c.spec;
  return nullptr;
}

bool is_init_container(const Pod& pod, const std::string& name) {
  const auto all = api::containers_of(pod.spec);
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& c) { return c.is_init() && c.spec.name == name; });
}

std::string pod_hostname(const Pod& pod) {
  std::string out = pod.spec.hostname.empty() ? pod.metadata.name : pod.spec.hostname;
  if (pod.spec.hostnameOverride && !pod.spec.hostnameOverride->empty()) out = *pod.spec.hostnameOverride;
  if (out.size() > kHostnameMax) out.resize(kHostnameMax);
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out;
}

std::string pod_domain(const Pod& pod, const std::string& cluster_domain) {
  if (pod.spec.subdomain.empty()) return {};
  return fmt::format("{}.{}.svc.{}", pod.spec.subdomain, pod.metadata.namespace_, cluster_domain);
}

Result<std::string> kernel_hostname(const Pod& pod, const std::string& cluster_domain) {
  const auto name = pod_hostname(pod);
  const bool overridden = pod.spec.hostnameOverride.has_value();
  const auto domain = overridden ? std::string() : pod_domain(pod, cluster_domain);
  if (domain.empty() || !pod.spec.setHostnameAsFQDN.value_or(false)) return name;
  auto whole = name + "." + domain;
  if (whole.size() <= kKernelNameMax) return whole;
  return Error(
      Code::BadRequest,
      fmt::format("failed to construct FQDN from pod hostname and cluster domain, FQDN {} is too long "
                  "({} characters is the max, {} characters requested)",
                  whole, kKernelNameMax, whole.size()));
}

std::string container_field_path(const Pod& pod, const std::string& name) {
  const char* list = "containers";
  for (const auto& c : api::containers_of(pod.spec)) {
    if (c.spec.name != name) continue;
    list = c.is_init()                               ? "initContainers"
           : c.sort == api::ContainerSort::Ephemeral ? "ephemeralContainers"
                                                     : list;
  }
  return fmt::format("spec.{}{{{}}}", list, name);
}

int64_t grace_seconds(const Pod& pod) {
  int64_t out = pod.spec.terminationGracePeriodSeconds.value_or(kGraceDefault);
  if (pod.metadata.deletionGracePeriodSeconds) out = *pod.metadata.deletionGracePeriodSeconds;
  return std::clamp<int64_t>(out, 1, kGraceMaxS);
}

Pod addressed(Pod pod, const std::vector<std::string>& host_ips, const std::vector<std::string>& pod_ips) {
  if (!host_ips.empty()) {
    pod.status.hostIP = host_ips.front();
    pod.status.hostIPs.clear();
    for (const auto& ip : host_ips) pod.status.hostIPs.emplace_back().ip = ip;
  }
  const auto& own = pod_ips.empty() && pod.spec.hostNetwork ? host_ips : pod_ips;
  if (!own.empty()) {
    pod.status.podIP = own.front();
    pod.status.podIPs.clear();
    for (const auto& ip : own) pod.status.podIPs.emplace_back().ip = ip;
  }
  return pod;
}

}  // namespace mizzen::kubelet
