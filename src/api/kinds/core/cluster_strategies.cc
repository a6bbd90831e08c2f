// Nodes and namespaces.
#include <algorithm>
#include <set>

#include "api/checks/field_checks.h"
#include "api/checks/resource_checks.h"
#include "api/kinds/core/strategies.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/node.h"
#include "base/strings.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using core::v1::Namespace;
using core::v1::Node;
using machinery::FieldErrors;
using machinery::Path;

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

/// Taints stand under spec; the texts have always said otherwise.
void check_taints(const Node& node, FieldErrors& errors) {
  const Path taints = Path("metadata").child("taints");
  for (size_t i = 0; i < node.spec.taints.size(); ++i) {
    const auto& t = node.spec.taints[i];
    const Path here = taints.index(i);
    check_messages(machinery::is_qualified_name(t.key), here.child("key"), t.key, errors);
    const auto messages = machinery::is_valid_label_value(t.value);
    if (!messages.empty()) errors.invalid(here.child("value"), t.value, join(messages, ";"));
    check_one_of(t.effect, here.child("effect"), {"NoSchedule", "PreferNoSchedule", "NoExecute"}, errors);
    for (size_t k = 0; k < i; ++k)
      if (node.spec.taints[k].key == t.key && node.spec.taints[k].effect == t.effect) {
        const std::string added = t.timeAdded ? quote(codec::format_time(*t.timeAdded)) : "null";
        errors.duplicate_raw(here,
                             "{\"Key\":" + quote(t.key) + ",\"Value\":" + quote(t.value) +
                                 ",\"Effect\":" + quote(t.effect) + ",\"TimeAdded\":" + added + "}",
                             "taints must be unique by key and effect pair");
        break;
      }
  }
}

void check_status(const Node& node, FieldErrors& errors) {
  const Path at("status");
  for (const auto& [name, amount] : node.status.capacity)
    check_quantity(name, amount, at.child("capacity").child(name), errors);
  for (const auto& [name, amount] : node.status.allocatable)
    check_quantity(name, amount, at.child("allocatable").child(name), errors);
}

class NodeStrategy final : public TypedStrategy<Node> {
 public:
  void defaults(Node& node, std::string_view) const override {
    if (node.status.allocatable.empty() && !node.status.capacity.empty())
      node.status.allocatable = node.status.capacity;
    if (!node.spec.podCIDR.empty() &&
        (node.spec.podCIDRs.empty() || node.spec.podCIDRs[0] != node.spec.podCIDR))
      node.spec.podCIDRs = {node.spec.podCIDR};
    for (auto* list : {&node.status.capacity, &node.status.allocatable})
      for (auto& [name, quantity] : *list) quantity = quantity.rounded_to_milli();
  }
  void check_create(const Node& node, FieldErrors& errors) const override {
    check_taints(node, errors);
    check_status(node, errors);
    const Path at = Path("spec").child("podCIDRs");
    std::set<std::string_view> families;
    for (size_t i = 0; i < node.spec.podCIDRs.size(); ++i) {
      const std::string& range = node.spec.podCIDRs[i];
      check_messages(machinery::is_valid_cidr(range), at.index(i), range, errors);
      families.insert(machinery::ip_family(std::string_view(range).substr(0, range.find('/'))));
    }
    if (node.spec.podCIDRs.size() > 1 && (families.size() < 2 || node.spec.podCIDRs.size() > 2))
      errors.invalid_raw(at, list_json(node.spec.podCIDRs),
                         "may specify no more than one CIDR for each IP family");
  }
  void before_update(Node& node, const Node& old) const override { node.status = old.status; }
  void check_update(const Node& node, const Node& old, FieldErrors& errors) const override {
    check_status(node, errors);
    const auto& addresses = node.status.addresses;
    for (size_t i = 0; i < addresses.size(); ++i)
      for (size_t k = 0; k < i; ++k)
        if (codec::equal(addresses[i], addresses[k])) {
          errors.duplicate_raw(
              Path("status").child("addresses").index(i),
              "{\"Type\":" + quote(addresses[i].type) + ",\"Address\":" + quote(addresses[i].address) + "}");
          break;
        }
    if (!old.spec.podCIDRs.empty()) {
      const Path at = Path("spec").child("podCIDRs");
      const char* why = "node updates may not change podCIDR except from \"\" to valid";
      if (old.spec.podCIDRs.size() != node.spec.podCIDRs.size()) {
        errors.forbidden(at, why);
      } else {
        for (size_t i = 0; i < old.spec.podCIDRs.size(); ++i)
          if (old.spec.podCIDRs[i] != node.spec.podCIDRs[i]) errors.forbidden(at, why);
      }
    }
    if (!old.spec.providerID.empty() && node.spec.providerID != old.spec.providerID)
      errors.forbidden(Path("spec").child("providerID"),
                       "node updates may not change providerID except from \"\" to valid");
    check_taints(node, errors);
    if (node.spec.externalID != old.spec.externalID)
      errors.forbidden(Path("spec").child("externalID"), "may not be updated");
  }
  void check_status_update(const Node& node, const Node& old, FieldErrors& errors) const override {
    check_update(node, old, errors);
  }
  void before_status_update(Node& node, const Node& old) const override { node.spec = old.spec; }
  void fields_of(const Node& node, machinery::Labels& f) const override {
    f.set("spec.unschedulable", node.spec.unschedulable ? "true" : "false");
  }
  bool is_selectable(std::string_view f) const override { return f == "spec.unschedulable"; }
  std::vector<TableColumn> table_columns() const override {
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
  TableCells row(const Node& node, WallTime now) const override {
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
};

class NamespaceStrategy final : public TypedStrategy<Namespace> {
 public:
  bool returns_deleted() const override { return true; }
  machinery::Messages check_name(std::string_view name) const override {
    return machinery::is_dns1123_label(name);
  }
  void defaults(Namespace& ns, std::string_view) const override {
    if (ns.status.phase.empty()) ns.status.phase = "Active";
    if (!ns.metadata.name.empty()) ns.metadata.labels.set("kubernetes.io/metadata.name", ns.metadata.name);
  }
  void before_create(Namespace& ns) const override {
    ns.status = {};
    ns.status.phase = "Active";
    if (std::find(ns.spec.finalizers.begin(), ns.spec.finalizers.end(), "kubernetes") ==
        ns.spec.finalizers.end())
      ns.spec.finalizers.emplace_back("kubernetes");
    if (!ns.metadata.name.empty()) ns.metadata.labels.set("kubernetes.io/metadata.name", ns.metadata.name);
  }
  void before_update(Namespace& ns, const Namespace& old) const override {
    ns.spec.finalizers = old.spec.finalizers;
    ns.status = old.status;
  }
  void before_status_update(Namespace& ns, const Namespace& old) const override { ns.spec = old.spec; }
  void check_create(const Namespace& ns, FieldErrors& errors) const override {
    for (const std::string& f : ns.spec.finalizers)
      check_messages(machinery::is_finalizer(f), Path("spec").child("finalizers"), f, errors);
  }
  void check_status_update(const Namespace& ns, const Namespace&, FieldErrors& errors) const override {
    const Path phase = Path("status").child("Phase");  // as upstream spells it
    if (!ns.metadata.deletionTimestamp && ns.status.phase != "Active")
      errors.invalid(phase, ns.status.phase, "may only be 'Active' if `deletionTimestamp` is empty");
    if (ns.metadata.deletionTimestamp && ns.status.phase != "Terminating")
      errors.invalid(phase, ns.status.phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
  }
  bool begin_deletion(void* object) const override {
    Namespace& ns = *static_cast<Namespace*>(object);
    ns.status.phase = "Terminating";
    return !ns.spec.finalizers.empty();
  }
  void fields_of(const Namespace& ns, machinery::Labels& f) const override {
    f.set("status.phase", ns.status.phase);
  }
  bool is_selectable(std::string_view f) const override { return f == "status.phase"; }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name of the namespace."},
            {"Status", "string", "", "Active, or Terminating while it is emptied."},
            {"Age", "string", "", "How long ago the namespace was created."}};
  }
  TableCells row(const Namespace& ns, WallTime now) const override {
    return {cell(ns.metadata.name), cell(ns.status.phase), age_cell(ns.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& node_strategy() {
  static const NodeStrategy s;
  return s;
}
const Strategy& namespace_strategy() {
  static const NamespaceStrategy s;
  return s;
}

}  // namespace mizzen::api
