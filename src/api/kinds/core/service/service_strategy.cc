#include "api/kinds/core/service/service_strategy.h"

#include <algorithm>

#include "api/kinds/core/service/service_checks.h"
#include "api/kinds/core/service/service_table.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using core::v1::Service;
using core::v1::ServiceSpec;
using machinery::FieldErrors;

bool needs_address(const ServiceSpec& s) {
  return s.type == "ClusterIP" || s.type == "NodePort" || s.type == "LoadBalancer";
}
bool needs_node_port(const ServiceSpec& s) { return s.type == "NodePort" || s.type == "LoadBalancer"; }

/// Node ports are given out without being asked for.
bool gets_node_ports(const ServiceSpec& s) {
  return s.type == "NodePort" || (s.type == "LoadBalancer" && s.allocateLoadBalancerNodePorts.value_or(true));
}

/// Ports are the same where their names are; a number that stands elsewhere already is not filled in again.
void keep_node_ports(ServiceSpec& s, const ServiceSpec& old) {
  const auto used = [](const ServiceSpec& spec, int32_t number) {
    return std::any_of(spec.ports.begin(), spec.ports.end(),
                       [&](const auto& p) { return p.nodePort == number; });
  };
  const ServiceSpec asked = s;
  for (auto& p : s.ports) {
    if (p.nodePort != 0) continue;
    for (const auto& o : old.ports)
      if (o.name == p.name && !used(asked, o.nodePort)) p.nodePort = o.nodePort;
  }
}

/// Addresses and ports that an update leaves out stay as they were given.
void keep_allocated(ServiceSpec& s, const ServiceSpec& old) {
  const bool before = needs_address(old), after = needs_address(s);
  if (before && after) {
    if (s.clusterIP.empty()) s.clusterIP = old.clusterIP;
    if (s.clusterIPs.empty() && s.clusterIP == old.clusterIP) s.clusterIPs = old.clusterIPs;
  }
  if (gets_node_ports(old) && gets_node_ports(s)) keep_node_ports(s, old);
  if (old.healthCheckNodePort != 0 && s.healthCheckNodePort == 0 && s.type == "LoadBalancer" &&
      s.externalTrafficPolicy == "Local")
    s.healthCheckNodePort = old.healthCheckNodePort;
  // One of the two was changed: the other follows.
  if (s.clusterIP != old.clusterIP && s.clusterIPs == old.clusterIPs) {
    s.clusterIPs.clear();
    if (!s.clusterIP.empty()) s.clusterIPs = {s.clusterIP};
  }
  if (!s.clusterIP.empty() && s.clusterIPs.empty()) s.clusterIPs = {s.clusterIP};
}

/// What belongs to the type it was of goes with it, unless it was changed, which is an error then.
void drop_for_type(ServiceSpec& s, const ServiceSpec& old) {
  if (needs_address(old) && !needs_address(s)) {
    if (s.clusterIPs == old.clusterIPs) {
      s.clusterIP.clear();
      s.clusterIPs.clear();
    }
    if (s.ipFamilies == old.ipFamilies) s.ipFamilies.clear();
    if (s.ipFamilyPolicy == old.ipFamilyPolicy) s.ipFamilyPolicy.reset();
  }
  if (needs_node_port(old) && !needs_node_port(s)) {
    const auto same = [&] {
      for (const auto& p : s.ports)
        if (p.nodePort != 0 && std::none_of(old.ports.begin(), old.ports.end(),
                                            [&](const auto& o) { return o.nodePort == p.nodePort; }))
          return false;
      return true;
    };
    if (same())
      for (auto& p : s.ports) p.nodePort = 0;
    if (s.externalIPs.empty() && s.externalTrafficPolicy == old.externalTrafficPolicy)
      s.externalTrafficPolicy.clear();
  }
  if (old.type == "LoadBalancer" && s.type != "LoadBalancer") {
    if (s.allocateLoadBalancerNodePorts == old.allocateLoadBalancerNodePorts)
      s.allocateLoadBalancerNodePorts.reset();
    if (s.loadBalancerClass == old.loadBalancerClass) s.loadBalancerClass.reset();
  }
  if (s.healthCheckNodePort == old.healthCheckNodePort &&
      (s.type != "LoadBalancer" || s.externalTrafficPolicy != "Local"))
    s.healthCheckNodePort = 0;
}

class ServiceStrategy final : public TypedStrategy<Service> {
 public:
  bool returns_deleted() const override { return true; }
  machinery::Messages check_name(std::string_view name) const override {
    return machinery::is_dns1123_label(name);
  }
  void defaults(Service& s, std::string_view) const override {
    auto& spec = s.spec;
    if (spec.sessionAffinity.empty()) spec.sessionAffinity = "None";
    if (spec.sessionAffinity == "None") spec.sessionAffinityConfig.reset();
    if (spec.sessionAffinity == "ClientIP") {
      auto& client = spec.sessionAffinityConfig.ensure().clientIP.ensure();
      if (!client.timeoutSeconds) client.timeoutSeconds = 10800;
    }
    if (spec.type.empty()) spec.type = "ClusterIP";
    for (auto& p : spec.ports) {
      if (p.protocol.empty()) p.protocol = "TCP";
      if (p.targetPort == codec::IntOrString() || (p.targetPort.is_string && p.targetPort.text.empty()))
        p.targetPort = codec::IntOrString(p.port);
    }
    const bool outside = spec.type == "NodePort" || spec.type == "LoadBalancer";
    if (spec.externalTrafficPolicy.empty() &&
        (outside || (spec.type == "ClusterIP" && !spec.externalIPs.empty())))
      spec.externalTrafficPolicy = "Cluster";
    if (!spec.internalTrafficPolicy && (outside || spec.type == "ClusterIP"))
      spec.internalTrafficPolicy = "Cluster";
    if (spec.type == "LoadBalancer" && !spec.allocateLoadBalancerNodePorts)
      spec.allocateLoadBalancerNodePorts = true;
    if (spec.type == "LoadBalancer")
      for (auto& ingress : s.status.loadBalancer.ingress)
        if (!ingress.ip.empty() && !ingress.ipMode) ingress.ipMode = "VIP";
  }
  void before_create(Service& s) const override {
    s.status = {};
    if (!s.spec.clusterIP.empty() && s.spec.clusterIPs.empty()) s.spec.clusterIPs = {s.spec.clusterIP};
  }
  void before_update(Service& s, const Service& old) const override {
    s.status = old.status;
    keep_allocated(s.spec, old.spec);
    drop_for_type(s.spec, old.spec);
  }
  void before_status_update(Service& s, const Service& old) const override { s.spec = old.spec; }
  void check_create(const Service& s, FieldErrors& errors) const override {
    check_service(s, nullptr, errors);
  }
  void check_update(const Service& s, const Service& old, FieldErrors& errors) const override {
    check_service_change(s, old, errors);
    check_service(s, &old, errors);
  }
  void check_status_update(const Service& s, const Service& old, FieldErrors& errors) const override {
    check_load_balancer(s, old, errors);
  }
  void fields_of(const Service& s, FieldValues& f) const override {
    f.set("spec.clusterIP", s.spec.clusterIP);
    f.set("spec.type", s.spec.type);
  }
  bool is_selectable(std::string_view f) const override { return f == "spec.clusterIP" || f == "spec.type"; }
  std::vector<TableColumn> table_columns() const override { return service_columns(); }
  TableCells row(const Service& s, WallTime now) const override { return service_row(s, now); }
};

}  // namespace

const Strategy& service_strategy() {
  static const ServiceStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
