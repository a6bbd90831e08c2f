// Services and Endpoints.
#include <algorithm>
#include <set>

#include "api/core/pod_table.h"
#include "api/core/strategies.h"
#include "api/schema/core/v1/endpoints.h"
#include "api/schema/core/v1/service.h"
#include "machinery/names.h"

namespace mizzen::api {
namespace {

using core::v1::Endpoints;
using core::v1::Service;
using machinery::FieldErrors;
using machinery::Path;

std::string join_unique(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  std::string out;
  for (const std::string& s : list) out += (out.empty() ? "" : ",") + s;
  return out;
}

std::string external_ip(const Service& s) {
  std::string own;
  for (const std::string& ip : s.spec.externalIPs) own += (own.empty() ? "" : ",") + ip;
  if (s.spec.type == "ClusterIP" || s.spec.type == "NodePort") return own.empty() ? "<none>" : own;
  if (s.spec.type == "LoadBalancer") {
    std::vector<std::string> list;
    for (const auto& i : s.status.loadBalancer.ingress) list.push_back(i.ip.empty() ? i.hostname : i.ip);
    std::string out = join_unique(std::move(list));
    if (!own.empty()) out += (out.empty() ? "" : ",") + own;
    return out.empty() ? "<pending>" : out;
  }
  return s.spec.type == "ExternalName" ? s.spec.externalName : "<unknown>";
}

std::string ports_text(const Service& s) {
  std::string out;
  for (const auto& p : s.spec.ports) {
    out += (out.empty() ? "" : ",") + std::to_string(p.port);
    if (p.nodePort > 0) out += ":" + std::to_string(p.nodePort);
    out += "/" + p.protocol;
  }
  return out.empty() ? "<none>" : out;
}

class ServiceStrategy final : public TypedStrategy<Service> {
 public:
  machinery::Messages check_name(std::string_view name) const override {
    return machinery::is_dns1035_label(name);
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
  }
  void before_create(Service& s) const override { s.status = {}; }
  void before_update(Service& s, const Service& old) const override { s.status = old.status; }
  void before_status_update(Service& s, const Service& old) const override { s.spec = old.spec; }
  void check_create(const Service& s, FieldErrors& errors) const override {
    const Path at("spec");
    const auto& spec = s.spec;
    if (spec.type != "ClusterIP" && spec.type != "NodePort" && spec.type != "LoadBalancer" &&
        spec.type != "ExternalName")
      errors.not_supported(at.child("type"), spec.type,
                           {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
    if (spec.sessionAffinity != "None" && spec.sessionAffinity != "ClientIP")
      errors.not_supported(at.child("sessionAffinity"), spec.sessionAffinity, {"ClientIP", "None"});
    const bool headless = spec.clusterIP == "None";
    if (spec.ports.empty() && !headless && spec.type != "ExternalName")
      errors.required(at.child("ports"), "");
    if (spec.type == "ExternalName") {
      if (spec.externalName.empty()) {
        errors.required(at.child("externalName"), "");
      } else {
        for (const std::string& m : machinery::is_dns1123_subdomain(spec.externalName))
          errors.invalid(at.child("externalName"), spec.externalName, m);
      }
    }
    if (!headless && !spec.clusterIP.empty())
      for (const std::string& m : machinery::is_valid_ip(spec.clusterIP))
        errors.invalid(at.child("clusterIPs").index(0), spec.clusterIP, m);
    std::set<std::string> names, numbers;
    for (size_t i = 0; i < spec.ports.size(); ++i) {
      const auto& p = spec.ports[i];
      const Path here = at.child("ports").index(i);
      if (p.name.empty()) {
        if (spec.ports.size() > 1) errors.required(here.child("name"), "");
      } else {
        for (const std::string& m : machinery::is_dns1123_label(p.name))
          errors.invalid(here.child("name"), p.name, m);
        if (!names.insert(p.name).second) errors.duplicate(here.child("name"), p.name);
      }
      for (const std::string& m : machinery::is_valid_port_num(p.port))
        errors.invalid(here.child("port"), p.port, m);
      if (p.protocol != "TCP" && p.protocol != "UDP" && p.protocol != "SCTP")
        errors.not_supported(here.child("protocol"), p.protocol, {"SCTP", "TCP", "UDP"});
      if (p.targetPort.is_string) {
        for (const std::string& m : machinery::is_valid_port_name(p.targetPort.text))
          errors.invalid(here.child("targetPort"), p.targetPort.text, m);
      } else {
        for (const std::string& m : machinery::is_valid_port_num(p.targetPort.number))
          errors.invalid(here.child("targetPort"), p.targetPort.number, m);
      }
      if (!numbers.insert(std::to_string(p.port) + p.protocol).second)
        errors.duplicate(here, "{Name: Protocol:" + p.protocol + " Port:" + std::to_string(p.port) + "}");
    }
    for (const auto& [key, value] : spec.selector) {
      for (const std::string& m : machinery::is_qualified_name(key))
        errors.invalid(at.child("selector"), key, m);
      for (const std::string& m : machinery::is_valid_label_value(value))
        errors.invalid(at.child("selector"), value, m);
    }
    for (size_t i = 0; i < spec.externalIPs.size(); ++i)
      for (const std::string& m : machinery::is_valid_ip(spec.externalIPs[i]))
        errors.invalid(at.child("externalIPs").index(i), spec.externalIPs[i], m);
  }
  void check_update(const Service& s, const Service& old, FieldErrors& errors) const override {
    check_create(s, errors);
    if (old.spec.type != "ExternalName" && s.spec.type != "ExternalName" && !old.spec.clusterIP.empty() &&
        s.spec.clusterIP != old.spec.clusterIP)
      errors.invalid(Path("spec").child("clusterIPs").index(0), s.spec.clusterIP, "may not change once set");
  }
  void fields_of(const Service& s, machinery::Labels& f) const override {
    f.set("spec.clusterIP", s.spec.clusterIP);
    f.set("spec.type", s.spec.type);
  }
  bool is_selectable(std::string_view f) const override { return f == "spec.clusterIP" || f == "spec.type"; }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name of the service."},
            {"Type", "string", "", "How the service is reached."},
            {"Cluster-IP", "string", "", "Its address inside the cluster."},
            {"External-IP", "string", "", "Its addresses from outside."},
            {"Port(s)", "string", "", "Its ports."},
            {"Age", "string", "", "How long ago it was created."},
            {"Selector", "string", "", "Labels of the pods behind it.", 1}};
  }
  TableCells row(const Service& s, WallTime now) const override {
    const std::string ip = s.spec.clusterIPs.empty() ? s.spec.clusterIP : s.spec.clusterIPs[0];
    return {cell(s.metadata.name),
            cell(s.spec.type),
            cell(ip.empty() ? "<none>" : ip),
            cell(external_ip(s)),
            cell(ports_text(s)),
            age_cell(s.metadata.creationTimestamp, now),
            cell(labels_text(s.spec.selector))};
  }
};

class EndpointsStrategy final : public TypedStrategy<Endpoints> {
 public:
  bool allow_create_on_update() const override { return true; }
  void defaults(Endpoints& e, std::string_view) const override {
    for (auto& s : e.subsets)
      for (auto& p : s.ports)
        if (p.protocol.empty()) p.protocol = "TCP";
  }
  void check_create(const Endpoints& e, FieldErrors& errors) const override {
    for (size_t i = 0; i < e.subsets.size(); ++i) {
      const Path at = Path("subsets").index(i);
      if (e.subsets[i].addresses.empty() && e.subsets[i].notReadyAddresses.empty())
        errors.required(at, "must specify `addresses` or `notReadyAddresses`");
      for (size_t k = 0; k < e.subsets[i].addresses.size(); ++k)
        for (const std::string& m : machinery::is_valid_ip(e.subsets[i].addresses[k].ip))
          errors.invalid(at.child("addresses").index(k).child("ip"), e.subsets[i].addresses[k].ip, m);
      for (size_t k = 0; k < e.subsets[i].ports.size(); ++k)
        for (const std::string& m : machinery::is_valid_port_num(e.subsets[i].ports[k].port))
          errors.invalid(at.child("ports").index(k).child("port"), e.subsets[i].ports[k].port, m);
    }
  }
  void check_update(const Endpoints& e, const Endpoints&, FieldErrors& errors) const override {
    check_create(e, errors);
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name of the service they belong to."},
            {"Endpoints", "string", "", "Addresses and ports that are ready."},
            {"Age", "string", "", "How long ago they were created."}};
  }
  TableCells row(const Endpoints& e, WallTime now) const override {
    std::vector<std::string> list;
    for (const auto& s : e.subsets) {
      if (s.ports.empty())
        for (const auto& a : s.addresses) list.push_back(a.ip);
      for (const auto& p : s.ports)
        for (const auto& a : s.addresses)
          list.push_back((a.ip.find(':') == std::string::npos ? a.ip : "[" + a.ip + "]") + ":" +
                         std::to_string(p.port));
    }
    std::string text = e.subsets.empty() ? "<none>" : "";
    for (size_t i = 0; i < list.size() && i < 3; ++i) text += (i ? "," : "") + list[i];
    if (list.size() > 3) text += " + " + std::to_string(list.size() - 3) + " more...";
    return {cell(e.metadata.name), cell(text), age_cell(e.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& service_strategy() {
  static const ServiceStrategy s;
  return s;
}
const Strategy& endpoints_strategy() {
  static const EndpointsStrategy s;
  return s;
}

}  // namespace mizzen::api
