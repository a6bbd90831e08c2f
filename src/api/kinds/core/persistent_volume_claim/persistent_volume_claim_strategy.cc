#include "api/kinds/core/persistent_volume_claim/persistent_volume_claim_strategy.h"

#include "api/kinds/core/access_modes.h"
#include "api/kinds/core/persistent_volume_claim/claim_update.h"
#include "api/kinds/core/volume_claim_spec.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using core::v1::PersistentVolumeClaim;
using machinery::FieldErrors;
using machinery::Path;

constexpr std::string_view kClass = "volume.beta.kubernetes.io/storage-class";

std::string class_of(const PersistentVolumeClaim& c) {
  const std::string* annotated = c.metadata.annotations.find(kClass);
  return annotated ? *annotated : c.spec.storageClassName.value_or("");
}

class PersistentVolumeClaimStrategy final : public TypedStrategy<PersistentVolumeClaim> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void defaults(PersistentVolumeClaim& c, std::string_view) const override {
    if (c.status.phase.empty()) c.status.phase = "Pending";
    default_volume_claim(c.spec);
    for (auto* list : {&c.status.capacity, &c.status.allocatedResources})
      for (auto& [name, amount] : *list) amount = amount.rounded_to_milli();
  }
  void before_create(PersistentVolumeClaim& c) const override {
    c.status = {};
    c.status.phase = "Pending";
    settle_data_sources(c.spec, nullptr);
  }
  void before_update(PersistentVolumeClaim& c, const PersistentVolumeClaim& old) const override {
    c.status = old.status;
    settle_data_sources(c.spec, &old.spec);
  }
  void before_status_update(PersistentVolumeClaim& c, const PersistentVolumeClaim& old) const override {
    c.spec = old.spec;
  }
  void check_create(const PersistentVolumeClaim& c, FieldErrors& errors) const override {
    check_volume_claim(c.spec, Path("spec"), errors);
  }
  void check_update(const PersistentVolumeClaim& c, const PersistentVolumeClaim& old,
                    FieldErrors& errors) const override {
    check_create(c, errors);
    check_claim_change(c, old, errors);
  }
  void check_status_update(const PersistentVolumeClaim& c, const PersistentVolumeClaim&,
                           FieldErrors& errors) const override {
    check_claim_status(c, errors);
  }
  std::vector<std::string> warn(const PersistentVolumeClaim& c, const PersistentVolumeClaim*) const override {
    std::vector<std::string> out;
    if (c.metadata.annotations.contains(kClass))
      out.push_back(Path("metadata").child("annotations").key(kClass).str() +
                    R"(: deprecated since v1.8; use "storageClassName" attribute instead)");
    const auto whole = [&](const codec::Map<codec::Quantity>& list, const char* name) {
      const codec::Quantity* size = list.find("storage");
      if (size && size->milli_value() % 1000 != 0)
        out.push_back(Path("spec").child("resources").child(name).key("storage").str() +
                      ": fractional byte value " + quote(size->text()) + " is invalid, must be an integer");
    };
    whole(c.spec.resources.requests, "requests");
    whole(c.spec.resources.limits, "limits");
    return out;
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Status", "string", "", "Whether it is pending, bound, lost."},
            {"Volume", "string", "", "The volume that it is bound to."},
            {"Capacity", "string", "", "How much fits on the volume."},
            {"Access Modes", "string", "", "How the volume may be used."},
            {"StorageClass", "string", "", "The class of volumes that it wants."},
            {"VolumeAttributesClass", "string", "", "The class of attributes that it wants."},
            {"Age", "string", "", "How long ago it was created."},
            {"VolumeMode", "string", "", "Whether it wants a file system.", 1}};
  }
  TableCells row(const PersistentVolumeClaim& c, WallTime now) const override {
    const bool bound = !c.spec.volumeName.empty();
    const codec::Quantity* size = c.status.capacity.find("storage");
    return {cell(c.metadata.name),
            cell(c.metadata.deletionTimestamp ? "Terminating" : c.status.phase),
            cell(c.spec.volumeName),
            cell(!bound ? ""
                 : size ? size->text()
                        : "0"),
            cell(bound ? access_modes_text(c.status.accessModes) : ""),
            cell(class_of(c)),
            cell(c.spec.volumeAttributesClassName.value_or("<unset>")),
            age_cell(c.metadata.creationTimestamp, now),
            cell(c.spec.volumeMode.value_or("<unset>"))};
  }
};

}  // namespace

const Strategy& persistent_volume_claim_strategy() {
  static const PersistentVolumeClaimStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
