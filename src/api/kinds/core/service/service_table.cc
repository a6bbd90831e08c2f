#include "api/kinds/core/service/service_table.h"

#include <algorithm>

#include "api/table/texts.h"

namespace mizzen::api {
namespace {

using core::v1::Service;

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

}  // namespace

std::vector<TableColumn> service_columns() {
  return {{"Name", "string", "name", "Name of the service."},
          {"Type", "string", "", "How the service is reached."},
          {"Cluster-IP", "string", "", "Its address inside the cluster."},
          {"External-IP", "string", "", "Its addresses from outside."},
          {"Port(s)", "string", "", "Its ports."},
          {"Age", "string", "", "How long ago it was created."},
          {"Selector", "string", "", "Labels of the pods behind it.", 1}};
}

TableCells service_row(const Service& s, WallTime now) {
  const std::string ip = s.spec.clusterIPs.empty() ? s.spec.clusterIP : s.spec.clusterIPs[0];
  return {cell(s.metadata.name),
          cell(s.spec.type),
          cell(ip.empty() ? "<none>" : ip),
          cell(external_ip(s)),
          cell(ports_text(s)),
          age_cell(s.metadata.creationTimestamp, now),
          cell(labels_text(s.spec.selector))};
}

}  // namespace mizzen::api
