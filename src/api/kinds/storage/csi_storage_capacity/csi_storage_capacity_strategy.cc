#include "api/kinds/storage/csi_storage_capacity/csi_storage_capacity_strategy.h"

#include "api/checks/deprecated_labels.h"
#include "api/checks/field_checks.h"
#include "api/schema/storage/v1/csi_storage_capacity.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;
using storage::v1::CSIStorageCapacity;

bool same_topology(const CSIStorageCapacity& a, const CSIStorageCapacity& b) {
  if (!a.nodeTopology || !b.nodeTopology) return !a.nodeTopology == !b.nodeTopology;
  return codec::equal(*a.nodeTopology, *b.nodeTopology);
}

class CSIStorageCapacityStrategy final : public TypedStrategy<CSIStorageCapacity> {
 public:
  bool allow_unconditional_update() const override { return false; }
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void check_create(const CSIStorageCapacity& c, FieldErrors& errors) const override {
    check_label_selector(c.nodeTopology, Path("nodeTopology"), errors);
    check_subdomain(c.storageClassName, Path("storageClassName"), errors);
    if (c.capacity && c.capacity->negative())
      errors.invalid(Path("capacity"), c.capacity->text(), "must be greater than or equal to 0");
  }
  void check_update(const CSIStorageCapacity& c, const CSIStorageCapacity& old,
                    FieldErrors& errors) const override {
    check_create(c, errors);
    if (!same_topology(c, old))
      errors.invalid_raw(Path("nodeTopology"), c.nodeTopology ? codec::to_json(*c.nodeTopology) : "null",
                         "field is immutable");
    if (c.storageClassName != old.storageClassName)
      errors.invalid(Path("storageClassName"), c.storageClassName, "field is immutable");
  }
  std::vector<std::string> warn(const CSIStorageCapacity& c, const CSIStorageCapacity*) const override {
    std::vector<std::string> out;
    if (!c.nodeTopology) return out;
    const Path at("nodeTopology");
    for (size_t i = 0; i < c.nodeTopology->matchExpressions.size(); ++i) {
      const std::string& key = c.nodeTopology->matchExpressions[i].key;
      if (const std::string_view text = deprecated_label(key); !text.empty())
        out.push_back(at.child("matchExpressions").index(i).child("key").str() + ": " + key + " is " +
                      std::string(text));
    }
    for (const auto& [label, value] : c.nodeTopology->matchLabels)
      if (const std::string_view text = deprecated_label(label); !text.empty())
        out.push_back(at.child("matchLabels").child(label).str() + ": " + std::string(text));
    return out;
  }
  // Upstream gives this kind no columns of its own.
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."}, {"Created At", "date", "", "When it was created."}};
  }
  TableCells row(const CSIStorageCapacity& c, WallTime) const override {
    return {cell(c.metadata.name), cell(codec::format_time(c.metadata.creationTimestamp))};
  }
};

}  // namespace

const Strategy& csi_storage_capacity_strategy() {
  static const CSIStorageCapacityStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
