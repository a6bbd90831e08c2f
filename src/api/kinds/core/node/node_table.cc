#include "api/kinds/core/node/node_table.h"

#include <set>

#include "base/strings.h"

namespace mizzen::api {
namespace {

using core::v1::Node;

std::string or_text(const std::string& text, const char* otherwise) {
  return text.empty() ? otherwise : text;
}

std::string node_status(const Node& node) {
  std::string out = "Unknown";
  for (const auto& c : node.status.conditions)
    if (c.type == "Ready") out = c.status == "True" ? "Ready" : "NotReady";
  return node.spec.unschedulable ? out + ",SchedulingDisabled" : out;
}

std::string node_roles(const Node& node) {
  std::set<std::string> roles;
  constexpr std::string_view prefix = "node-role.kubernetes.io/";
  for (const auto& [key, value] : node.metadata.labels) {
    if (key.starts_with(prefix) && key.size() > prefix.size()) roles.insert(key.substr(prefix.size()));
    if (key == "kubernetes.io/role" && !value.empty()) roles.insert(value);
  }
  std::string out;
  for (const std::string& r : roles) out += (out.empty() ? "" : ",") + r;
  return or_text(out, "<none>");
}

std::string node_address(const Node& node, std::string_view type) {
  for (const auto& a : node.status.addresses)
    if (a.type == type) return a.address;
  return "<none>";
}

}  // namespace

std::vector<TableColumn> node_columns() {
  return {{"Name", "string", "name", "Name of the node."},
          {"Status", "string", "", "Whether the node is ready, and may be scheduled to."},
          {"Roles", "string", "", "Roles of the node, from its labels."},
          {"Age", "string", "", "How long ago the node joined."},
          {"Version", "string", "", "Version of its kubelet."},
          {"Internal-IP", "string", "", "Address inside the cluster.", 1},
          {"External-IP", "string", "", "Address from outside.", 1},
          {"OS-Image", "string", "", "Operating system.", 1},
          {"Kernel-Version", "string", "", "Kernel and architecture.", 1},
          {"Container-Runtime", "string", "", "Container runtime and version.", 1}};
}

TableCells node_row(const Node& node, WallTime now) {
  const auto& info = node.status.nodeInfo;
  std::string kernel = or_text(info.kernelVersion, "<unknown>");
  if (!info.architecture.empty()) kernel += " (" + info.architecture + ")";
  return {cell(node.metadata.name),
          cell(node_status(node)),
          cell(node_roles(node)),
          age_cell(node.metadata.creationTimestamp, now),
          cell(info.kubeletVersion),
          cell(node_address(node, "InternalIP")),
          cell(node_address(node, "ExternalIP")),
          cell(or_text(info.osImage, "<unknown>")),
          cell(kernel),
          cell(or_text(info.containerRuntimeVersion, "<unknown>"))};
}

}  // namespace mizzen::api
