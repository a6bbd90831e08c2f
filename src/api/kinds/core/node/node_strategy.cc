#include "api/kinds/core/node/node_strategy.h"

#include "api/kinds/core/node/node_checks.h"
#include "api/kinds/core/node/node_table.h"

namespace mizzen::api {
namespace {

using core::v1::Node;
using machinery::FieldErrors;

class NodeStrategy final : public TypedStrategy<Node> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void defaults(Node& node, std::string_view) const override {
    if (node.status.allocatable.empty() && !node.status.capacity.empty())
      node.status.allocatable = node.status.capacity;
    if (!node.spec.podCIDR.empty() &&
        (node.spec.podCIDRs.empty() || node.spec.podCIDRs[0] != node.spec.podCIDR))
      node.spec.podCIDRs = {node.spec.podCIDR};
    if (node.spec.podCIDR.empty() && !node.spec.podCIDRs.empty()) node.spec.podCIDR = node.spec.podCIDRs[0];
    for (auto* list : {&node.status.capacity, &node.status.allocatable})
      for (auto& [name, quantity] : *list) quantity = quantity.rounded_to_milli();
  }
  void check_create(const Node& node, FieldErrors& errors) const override { check_node(node, errors); }
  // Where the kubelet would read its configuration from, which none does any more.
  void before_create(Node& node) const override { node.spec.configSource.reset(); }
  void before_update(Node& node, const Node& old) const override {
    node.status = old.status;
    if (!old.spec.configSource) node.spec.configSource.reset();
  }
  void check_update(const Node& node, const Node& old, FieldErrors& errors) const override {
    check_node_update(node, old, errors);
  }
  void check_status_update(const Node& node, const Node& old, FieldErrors& errors) const override {
    check_update(node, old, errors);
  }
  void before_status_update(Node& node, const Node& old) const override { node.spec = old.spec; }
  void fields_of(const Node& node, FieldValues& f) const override {
    f.set("spec.unschedulable", node.spec.unschedulable ? "true" : "false");
  }
  bool is_selectable(std::string_view f) const override { return f == "spec.unschedulable"; }
  std::vector<TableColumn> table_columns() const override { return node_columns(); }
  TableCells row(const Node& node, WallTime now) const override { return node_row(node, now); }
};

}  // namespace

const Strategy& node_strategy() {
  static const NodeStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
