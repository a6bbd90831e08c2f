#include "api/kinds/storage/csi_node/csi_node_strategy.h"

#include <set>

#include "api/checks/field_checks.h"
#include "api/go_text/go_object.h"
#include "api/schema/storage/v1/csi_node.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;
using storage::v1::CSINode;
using storage::v1::CSINodeDriver;

constexpr size_t kNodeIdMax = 256;

void check_driver(const CSINodeDriver& d, const Path& at, FieldErrors& errors) {
  check_driver_name(d.name, at.child("name"), errors);
  const Path id = at.child("nodeID");
  if (d.nodeID.empty()) errors.required(id, "");
  if (d.nodeID.size() > kNodeIdMax) errors.invalid(id, d.nodeID, "must be 256 characters or less");
  if (d.allocatable && d.allocatable->count)
    check_non_negative(*d.allocatable->count, at.child("allocatable").child("count"), errors);
}

void check_topology_keys(const CSINodeDriver& d, const Path& at, FieldErrors& errors) {
  std::set<std::string_view> seen;
  for (const std::string& key : d.topologyKeys) {
    if (key.empty()) errors.required(at, "");
    if (!seen.insert(key).second) errors.duplicate(at, key);
    check_qualified_name(key, at, errors);
  }
}

class CSINodeStrategy final : public TypedStrategy<CSINode> {
 public:
  bool allow_unconditional_update() const override { return false; }
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void check_create(const CSINode& n, FieldErrors& errors) const override {
    const Path at = Path("spec").child("drivers");
    std::set<std::string_view> names;
    for (size_t i = 0; i < n.spec.drivers.size(); ++i) {
      const CSINodeDriver& d = n.spec.drivers[i];
      check_driver(d, at.index(i), errors);
      if (!names.insert(d.name).second) errors.duplicate(at.index(i).child("name"), d.name);
      check_topology_keys(d, at.index(i), errors);
    }
  }
  void check_update(const CSINode& n, const CSINode& old, FieldErrors& errors) const override {
    check_create(n, errors);
    for (CSINodeDriver before : old.spec.drivers)
      for (CSINodeDriver now : n.spec.drivers) {
        if (before.name != now.name) continue;
        // How many volumes fit may change while the driver runs.
        before.allocatable.reset();
        now.allocatable.reset();
        check_immutable(now, before, Path("spec").child("drivers"), errors);
      }
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name of the node."},
            {"Drivers", "integer", "", "How many drivers of volumes the node has."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const CSINode& n, WallTime now) const override {
    return {cell(n.metadata.name), cell(static_cast<int64_t>(n.spec.drivers.size())),
            age_cell(n.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& csi_node_strategy() {
  static const CSINodeStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
