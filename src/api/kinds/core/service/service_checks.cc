#include "api/kinds/core/service/service_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/checks/field_checks.h"
#include "api/checks/object_meta_checks.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using core::v1::Service;
using core::v1::ServiceSpec;
using machinery::FieldErrors;
using machinery::Path;

constexpr const char* kHints = "service.kubernetes.io/topology-aware-hints";
constexpr const char* kMode = "service.kubernetes.io/topology-mode";
constexpr const char* kSourceRanges = "service.beta.kubernetes.io/load-balancer-source-ranges";
constexpr const char* kLoadBalancerOnly = "may only be used when `type` is 'LoadBalancer'";
constexpr int32_t kAffinitySecondsMax = 86400;

bool headless(const ServiceSpec& s) { return s.clusterIPs.size() == 1 && s.clusterIPs[0] == "None"; }
bool outside(const ServiceSpec& s) {
  return s.type == "LoadBalancer" || s.type == "NodePort" ||
         (s.type == "ClusterIP" && !s.externalIPs.empty());
}
bool needs_health_check(const ServiceSpec& s) {
  return s.type == "LoadBalancer" && s.externalTrafficPolicy == "Local";
}
bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

void check_type(const ServiceSpec& s, const Path& at, FieldErrors& errors) {
  if (s.ports.empty() && !headless(s) && s.type != "ExternalName") errors.required(at.child("ports"), "");
  if ((s.type == "LoadBalancer" || s.type == "NodePort") && headless(s))
    errors.invalid(at.child("clusterIPs").index(0), s.clusterIPs[0],
                   fmt::format("may not be set to 'None' for {} services", s.type));
  if (s.type != "ExternalName") return;
  const char* why = "may not be set for ExternalName services";
  if (!s.clusterIPs.empty()) errors.forbidden(at.child("clusterIPs"), why);
  if (!s.ipFamilies.empty()) errors.forbidden(at.child("ipFamilies"), why);
  if (s.ipFamilyPolicy) errors.forbidden(at.child("ipFamilyPolicy"), why);
  std::string_view name = s.externalName;
  if (name.ends_with(".")) name.remove_suffix(1);
  if (name.empty()) return errors.required(at.child("externalName"), "");
  check_subdomain(name, at.child("externalName"), errors);
}

void check_service_ports(const ServiceSpec& s, const Path& at, FieldErrors& errors) {
  std::set<std::string> names;
  for (size_t i = 0; i < s.ports.size(); ++i) {
    const auto& p = s.ports[i];
    const Path here = at.index(i);
    if (p.name.empty()) {
      if (s.ports.size() > 1) errors.required(here.child("name"), "");
    } else {
      check_label(p.name, here.child("name"), errors);
      if (!names.insert(p.name).second) errors.duplicate(here.child("name"), p.name);
    }
    check_port(p.port, here.child("port"), errors);
    check_one_of(p.protocol, here.child("protocol"), {"SCTP", "TCP", "UDP"}, errors);
    if (p.targetPort.is_string) {
      check_messages(machinery::is_valid_port_name(p.targetPort.text), here.child("targetPort"),
                     p.targetPort.text, errors);
    } else {
      check_port(p.targetPort.number, here.child("targetPort"), errors);
    }
    if (p.appProtocol)
      check_messages(machinery::is_qualified_name(*p.appProtocol), here.child("appProtocol"), *p.appProtocol,
                     errors);
  }
}

void check_session_affinity(const ServiceSpec& s, const Path& at, FieldErrors& errors) {
  check_one_of(s.sessionAffinity, at.child("sessionAffinity"), {"ClientIP", "None"}, errors);
  const Path config = at.child("sessionAffinityConfig");
  if (s.sessionAffinity == "None") {
    if (s.sessionAffinityConfig) errors.forbidden(config, "must not be set when session affinity is None");
    return;
  }
  if (s.sessionAffinity != "ClientIP") return;
  const std::string why = "when session affinity type is ClientIP";
  if (!s.sessionAffinityConfig) return errors.required(config, why);
  if (!s.sessionAffinityConfig->clientIP) return errors.required(config.child("clientIP"), why);
  const Path seconds = config.child("clientIP").child("timeoutSeconds");
  const auto& timeout = s.sessionAffinityConfig->clientIP->timeoutSeconds;
  if (!timeout) return errors.required(seconds, why);
  if (*timeout <= 0 || *timeout > kAffinitySecondsMax)
    errors.invalid(seconds, *timeout, "must be greater than 0 and less than 86400");
}

void check_cluster_ips(const ServiceSpec& s, const Service* old, const Path& at, FieldErrors& errors) {
  if (s.type == "ExternalName") return;
  const Path ips = at.child("clusterIPs"), families = at.child("ipFamilies");
  const std::string all = list_json(s.clusterIPs);
  if (!s.clusterIP.empty()) {
    if (s.clusterIPs.empty()) {
      errors.required(ips, "");
    } else if (s.clusterIPs[0] != s.clusterIP) {
      errors.invalid_raw(ips, all, "first value must match `clusterIP`");
    }
  } else if (!s.clusterIPs.empty()) {
    errors.invalid_raw(ips, all, "must be empty when `clusterIP` is not specified");
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < s.ipFamilies.size(); ++i) {
    if (s.ipFamilies[i] != "IPv4" && s.ipFamilies[i] != "IPv6")
      errors.not_supported(families.index(i), s.ipFamilies[i], {"IPv4", "IPv6"});
    if (!seen.insert(s.ipFamilies[i]).second) errors.duplicate(families.index(i), s.ipFamilies[i]);
  }
  check_optional_of(s.ipFamilyPolicy, at.child("ipFamilyPolicy"),
                    {"PreferDualStack", "RequireDualStack", "SingleStack"}, errors);
  bool bad = false;
  for (size_t i = 0; i < s.clusterIPs.size(); ++i) {
    const std::string& ip = s.clusterIPs[i];
    if (i == 0 && ip == "None") {
      if (s.clusterIPs.size() == 1) continue;
      bad = true;
      errors.invalid_raw(ips, all, "'None' must be the first and only value");
      continue;
    }
    if (old && contains(old->spec.clusterIPs, ip)) continue;
    const auto messages = machinery::is_valid_ip(ip);
    bad = bad || !messages.empty();
    check_messages(messages, ips.index(i), ip, errors);
  }
  if (s.clusterIPs.size() > 2) errors.invalid_raw(ips, all, "may only hold up to 2 values");
  if (bad) return;
  if (s.clusterIPs.size() > 1) {
    std::set<std::string_view> kinds;
    for (const std::string& ip : s.clusterIPs) kinds.insert(machinery::ip_family(ip));
    if (kinds.size() < 2) errors.invalid_raw(ips, all, "may specify no more than one IP for each IP family");
  }
  for (size_t i = 0; !headless(s) && i < s.clusterIPs.size() && i < s.ipFamilies.size(); ++i)
    if (machinery::ip_family(s.clusterIPs[i]) != s.ipFamilies[i] &&
        (s.ipFamilies[i] == "IPv4" || s.ipFamilies[i] == "IPv6"))
      errors.invalid(
          ips.index(i), s.clusterIPs[i],
          fmt::format("expected an {} value as indicated by `ipFamilies[{}]`", s.ipFamilies[i], i));
}

void check_port_numbers(const ServiceSpec& s, const Path& at, FieldErrors& errors) {
  std::set<std::string> node_ports, ports;
  for (size_t i = 0; s.type == "ClusterIP" && i < s.ports.size(); ++i)
    if (s.ports[i].nodePort != 0)
      errors.forbidden(at.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'");
  for (size_t i = 0; i < s.ports.size(); ++i) {
    const auto& p = s.ports[i];
    if (p.nodePort != 0 && !node_ports.insert(fmt::format("{}/{}", p.protocol, p.nodePort)).second)
      errors.duplicate_raw(at.index(i).child("nodePort"), std::to_string(p.nodePort));
  }
  for (size_t i = 0; i < s.ports.size(); ++i) {
    const auto& p = s.ports[i];
    if (!ports.insert(fmt::format("{}/{}", p.protocol, p.port)).second)
      errors.duplicate_raw(
          at.index(i), fmt::format(R"({{"Name":"","Protocol":{},"AppProtocol":null,"Port":{},"TargetPort":0,)"
                                   R"("NodePort":0}})",
                                   quote(p.protocol), p.port));
  }
}

void check_source_ranges(const Service& service, const Service* old, FieldErrors& errors) {
  const ServiceSpec& s = service.spec;
  const bool balancer = s.type == "LoadBalancer";
  const Path at = Path("spec").child("LoadBalancerSourceRanges");
  if (!s.loadBalancerSourceRanges.empty()) {
    if (!balancer) errors.forbidden(at, kLoadBalancerOnly);
    for (size_t i = 0; i < s.loadBalancerSourceRanges.size(); ++i) {
      const std::string range(trim(s.loadBalancerSourceRanges[i]));
      if (old && contains(old->spec.loadBalancerSourceRanges, range)) continue;
      check_messages(machinery::is_valid_cidr(range), at.index(i), range, errors);
    }
    return;
  }
  const std::string* text = service.metadata.annotations.find(kSourceRanges);
  if (!text) return;
  const Path where = Path("metadata").child("annotations").key(kSourceRanges);
  if (!balancer) errors.forbidden(where, kLoadBalancerOnly);
  if ((old && old->metadata.annotations.get(kSourceRanges) == *text) || trim(*text).empty()) return;
  for (const std::string_view part : split(*text, ',')) {
    const std::string range(trim(part));
    check_messages(machinery::is_valid_cidr(range), where, range, errors);
  }
}

void check_traffic(const ServiceSpec& s, const Path& at, FieldErrors& errors) {
  const Path external = at.child("externalTrafficPolicy"), health = at.child("healthCheckNodePort");
  if (outside(s)) {
    check_one_of(s.externalTrafficPolicy, external, {"Cluster", "Local"}, errors);
  } else if (!s.externalTrafficPolicy.empty()) {
    errors.invalid(external, s.externalTrafficPolicy, "may only be set for externally-accessible services");
  }
  if (!needs_health_check(s)) {
    if (s.healthCheckNodePort != 0)
      errors.invalid(health, s.healthCheckNodePort,
                     "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
  } else if (s.healthCheckNodePort != 0) {  // 0: given out after this
    check_port(s.healthCheckNodePort, health, errors);
  }
  const Path internal = at.child("internalTrafficPolicy");
  if (!s.internalTrafficPolicy && (s.type == "ClusterIP" || s.type == "NodePort" || s.type == "LoadBalancer"))
    errors.required(internal, "");
  check_optional_of(s.internalTrafficPolicy, internal, {"Cluster", "Local"}, errors);
  check_optional_of(s.trafficDistribution, at.child("trafficDistribution"),
                    {"PreferClose", "PreferSameZone", "PreferSameNode"}, errors);
}

}  // namespace

void check_service(const Service& service, const Service* old, FieldErrors& errors) {
  const ServiceSpec& s = service.spec;
  const Path at("spec");
  const std::string* hints = service.metadata.annotations.find(kHints);
  const std::string* mode = service.metadata.annotations.find(kMode);
  if (hints && mode && *hints != *mode)
    errors.invalid(Path("metadata").child("annotations").key(kMode), *mode,
                   fmt::format("must match annotations[{}] when both are specified", kHints));
  check_type(s, at, errors);
  check_service_ports(s, at.child("ports"), errors);
  check_labels(s.selector, at.child("selector"), errors);
  check_session_affinity(s, at, errors);
  check_cluster_ips(s, old, at, errors);
  for (size_t i = 0; i < s.externalIPs.size(); ++i) {
    const std::string& ip = s.externalIPs[i];
    const Path here = at.child("externalIPs").index(i);
    const bool known = old && contains(old->spec.externalIPs, ip);
    const auto messages = known ? machinery::Messages() : machinery::is_valid_ip(ip);
    check_messages(messages.empty() ? machinery::is_endpoint_ip(ip) : messages, here, ip, errors);
  }
  check_one_of(s.type, at.child("type"), {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}, errors);
  check_port_numbers(s, at.child("ports"), errors);
  check_source_ranges(service, old, errors);
  if (s.allocateLoadBalancerNodePorts && s.type != "LoadBalancer")
    errors.forbidden(at.child("allocateLoadBalancerNodePorts"), kLoadBalancerOnly);
  if (s.type == "LoadBalancer" && !s.allocateLoadBalancerNodePorts)
    errors.required(Path("allocateLoadBalancerNodePorts"), "");
  if (s.loadBalancerClass) {
    const Path where = at.child("loadBalancerClass");
    if (s.type != "LoadBalancer") {
      errors.forbidden(where, kLoadBalancerOnly);
    } else {
      check_messages(machinery::is_qualified_name(*s.loadBalancerClass), where, *s.loadBalancerClass, errors);
    }
  }
  check_traffic(s, at, errors);
}

void check_service_change(const Service& service, const Service& previous, FieldErrors& errors) {
  const ServiceSpec& s = service.spec;
  const ServiceSpec& old = previous.spec;
  const Path at("spec");
  const bool named = s.type == "ExternalName" || old.type == "ExternalName";
  const char* fixed = "may not change once set";
  if (!named && !(headless(s) && headless(old))) {
    const Path ips = at.child("clusterIPs");
    const std::string all = s.clusterIPs.empty() ? "null" : list_json(s.clusterIPs);
    if (s.clusterIPs.size() == old.clusterIPs.size()) {
      for (size_t i = 0; i < s.clusterIPs.size(); ++i)
        if (s.clusterIPs[i] != old.clusterIPs[i]) errors.invalid_raw(ips.index(i), all, fixed);
    } else if (s.clusterIPs.empty()) {
      errors.invalid_raw(ips.index(0), all, "primary clusterIP can not be unset");
    } else if (!old.clusterIPs.empty()) {
      if (s.clusterIPs[0] != old.clusterIPs[0]) errors.invalid_raw(ips.index(0), all, fixed);
      if (s.clusterIPs.size() == 1 && s.ipFamilyPolicy.value_or("") != "SingleStack")
        errors.invalid(at.child("ipFamilyPolicy"), s.ipFamilyPolicy.value_or(""),
                       "must be set to 'SingleStack' when releasing the secondary clusterIP");
    }
    const Path families = at.child("ipFamilies").index(0);
    if (!headless(s) && !headless(old)) {
      const std::string list = list_json(s.ipFamilies);
      for (size_t i = 0; i < s.ipFamilies.size() && i < old.ipFamilies.size(); ++i)
        if (s.ipFamilies[i] != old.ipFamilies[i]) errors.invalid_raw(families, list, fixed);
    }
  }
  if (s.type == "LoadBalancer" && old.type == "LoadBalancer" && s.loadBalancerClass != old.loadBalancerClass)
    errors.invalid_raw(at.child("loadBalancerClass"),
                       s.loadBalancerClass ? quote(*s.loadBalancerClass) : "null", fixed);
  if (needs_health_check(s) && needs_health_check(old) && s.healthCheckNodePort != old.healthCheckNodePort)
    errors.forbidden(at.child("healthCheckNodePort"), "field is immutable");
}

void check_load_balancer(const Service& service, const Service& old, FieldErrors& errors) {
  const auto& list = service.status.loadBalancer.ingress;
  const Path at = Path("status").child("loadBalancer").child("ingress");
  if (service.spec.type != "LoadBalancer" && !list.empty())
    return errors.forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'");
  for (size_t i = 0; i < list.size(); ++i) {
    const auto& e = list[i];
    const Path here = at.index(i);
    const auto& before = old.status.loadBalancer.ingress;
    const bool known = std::any_of(before.begin(), before.end(), [&](const auto& o) { return o.ip == e.ip; });
    if (!e.ip.empty() && !known) check_messages(machinery::is_valid_ip(e.ip), here.child("ip"), e.ip, errors);
    if (!e.ipMode) {
      if (!e.ip.empty()) errors.required(here.child("ipMode"), "must be specified when `ip` is set");
    } else if (e.ip.empty()) {
      errors.forbidden(here.child("ipMode"), "may not be specified when `ip` is not set");
    } else {
      check_optional_of(e.ipMode, here.child("ipMode"), {"Proxy", "VIP"}, errors);
    }
    if (e.hostname.empty()) continue;
    check_subdomain(e.hostname, here.child("hostname"), errors);
    if (!machinery::ip_family(e.hostname).empty())
      errors.invalid(here.child("hostname"), e.hostname, "must be a DNS name, not an IP address");
  }
}

}  // namespace mizzen::api
