#include "api/kinds/core/persistent_volume/persistent_volume_strategy.h"

#include "api/checks/deprecated_labels.h"
#include "api/go_text/go_diff.h"
#include "api/go_text/go_object.h"
#include "api/kinds/core/access_modes.h"
#include "api/kinds/core/persistent_volume/volume_spec_checks.h"
#include "api/kinds/core/volume_sources.h"
#include "api/schema/core/v1/persistent_volume.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using core::v1::NodeSelectorTerm;
using core::v1::PersistentVolume;
using core::v1::PersistentVolumeSpec;
using core::v1::VolumeNodeAffinity;
using machinery::FieldErrors;
using machinery::Path;

constexpr std::string_view kMountOptions = "volume.beta.kubernetes.io/mount-options";
constexpr std::string_view kClass = "volume.beta.kubernetes.io/storage-class";

/// Sources that take options of mount in an annotation.
bool takes_mount_options(const core::v1::PersistentVolumeSource& s) {
  return s.gcePersistentDisk || s.awsElasticBlockStore || s.glusterfs || s.nfs || s.rbd || s.quobyte ||
         s.iscsi || s.cinder || s.cephfs || s.azureFile || s.vsphereVolume || s.azureDisk ||
         s.photonPersistentDisk;
}

void check_spec(const PersistentVolume& v, FieldErrors& errors) {
  check_volume_spec(v.spec, v.metadata.name, VolumePlace::Volume, Path("spec"), errors);
}

void check_mount_options(const PersistentVolume& v, FieldErrors& errors) {
  if (v.metadata.annotations.contains(kMountOptions) && !takes_mount_options(v.spec.persistentVolumeSource))
    errors.forbidden(Path("metadata").child("annotations").child(kMountOptions),
                     "may not specify mount options for this volume type");
}

/// The only source that may be added to: a secret for growing.
core::v1::PersistentVolumeSource comparable(const PersistentVolume& now, const PersistentVolume& old) {
  auto out = now.spec.persistentVolumeSource;
  const auto& before = old.spec.persistentVolumeSource.csi;
  if (before && !before->controllerExpandSecretRef && out.csi) out.csi->controllerExpandSecretRef.reset();
  return out;
}

/// What a label of nodes was called before it was settled.
std::string_view settled(std::string_view label) {
  if (label == "beta.kubernetes.io/os") return "kubernetes.io/os";
  if (label == "beta.kubernetes.io/arch") return "kubernetes.io/arch";
  if (label == "failure-domain.beta.kubernetes.io/zone") return "topology.kubernetes.io/zone";
  if (label == "failure-domain.beta.kubernetes.io/region") return "topology.kubernetes.io/region";
  if (label == "beta.kubernetes.io/instance-type") return "node.kubernetes.io/instance-type";
  return "";
}

void settle(std::vector<core::v1::NodeSelectorRequirement>& before,
            const std::vector<core::v1::NodeSelectorRequirement>& now) {
  for (size_t i = 0; i < before.size() && i < now.size(); ++i)
    if (settled(before[i].key) == now[i].key) before[i].key = now[i].key;
}

/// Labels may get their settled names.
bool same_affinity(const VolumeNodeAffinity& now, VolumeNodeAffinity before) {
  if (now.required && before.required) {
    auto& terms = before.required->nodeSelectorTerms;
    const auto& others = now.required->nodeSelectorTerms;
    for (size_t i = 0; i < terms.size() && i < others.size(); ++i) {
      settle(terms[i].matchExpressions, others[i].matchExpressions);
      settle(terms[i].matchFields, others[i].matchFields);
    }
  }
  return codec::equal(now, before);
}

void check_affinity_change(const PersistentVolumeSpec& now, const PersistentVolumeSpec& old,
                           FieldErrors& errors) {
  if (!old.nodeAffinity) return;  // it may be set once
  if (now.nodeAffinity && same_affinity(*now.nodeAffinity, *old.nodeAffinity)) return;
  errors.invalid_raw(Path("nodeAffinity"), now.nodeAffinity ? go_object(*now.nodeAffinity) : "null",
                     "field is immutable, except for updating from beta label to GA");
}

std::string class_of(const PersistentVolume& v) {
  const std::string* annotated = v.metadata.annotations.find(kClass);
  return annotated ? *annotated : v.spec.storageClassName;
}

class PersistentVolumeStrategy final : public TypedStrategy<PersistentVolume> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void defaults(PersistentVolume& v, std::string_view) const override {
    if (v.status.phase.empty()) v.status.phase = "Pending";
    if (v.spec.persistentVolumeReclaimPolicy.empty()) v.spec.persistentVolumeReclaimPolicy = "Retain";
    if (!v.spec.volumeMode) v.spec.volumeMode = "Filesystem";
    default_source(v.spec.persistentVolumeSource);
    for (auto& [name, amount] : v.spec.capacity) amount = amount.rounded_to_milli();
  }
  /// When it came into its phase, unless the writer says so.
  void stamp_times(PersistentVolume& v, const PersistentVolume* old, const codec::Time& now) const override {
    auto& since = v.status.lastPhaseTransitionTime;
    if (!old) {
      since = now;
    } else if (v.status.phase == old->status.phase) {
      if (!since) since = old->status.lastPhaseTransitionTime;
    } else if (!since || since == old->status.lastPhaseTransitionTime) {
      since = now;
    }
  }
  void before_create(PersistentVolume& v) const override {
    const auto since = v.status.lastPhaseTransitionTime;
    v.status = {};
    v.status.phase = "Pending";
    v.status.lastPhaseTransitionTime = since;
  }
  void before_update(PersistentVolume& v, const PersistentVolume& old) const override {
    v.status = old.status;
  }
  void before_status_update(PersistentVolume& v, const PersistentVolume& old) const override {
    v.spec = old.spec;
  }
  void check_create(const PersistentVolume& v, FieldErrors& errors) const override {
    check_spec(v, errors);
    check_mount_options(v, errors);
  }
  void check_update(const PersistentVolume& v, const PersistentVolume& old,
                    FieldErrors& errors) const override {
    check_create(v, errors);
    check_spec(v, errors);  // upstream tells of it twice
    const auto source = comparable(v, old);
    if (!codec::equal(source, old.spec.persistentVolumeSource))
      errors.forbidden(Path("spec").child("persistentvolumesource"),
                       "spec.persistentvolumesource is immutable after creation\n" +
                           go_diff(go_object(old.spec.persistentVolumeSource), go_object(source)));
    if (v.spec.volumeMode != old.spec.volumeMode)
      errors.invalid(Path("volumeMode"), v.spec.volumeMode.value_or(""), "field is immutable");
    check_affinity_change(v.spec, old.spec, errors);
    if (old.spec.volumeAttributesClassName && !v.spec.volumeAttributesClassName)
      errors.forbidden(Path("spec").child("volumeAttributesClassName"),
                       "update from non-nil value to nil is forbidden");
  }
  std::vector<std::string> warn(const PersistentVolume& v, const PersistentVolume*) const override;
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Capacity", "string", "", "How much fits on it."},
            {"Access Modes", "string", "", "How it may be used."},
            {"Reclaim Policy", "string", "", "What becomes of it once its claim is gone."},
            {"Status", "string", "", "Whether it is available, bound, released, failed."},
            {"Claim", "string", "", "The claim that it is bound to."},
            {"StorageClass", "string", "", "Its class."},
            {"VolumeAttributesClass", "string", "", "The class of its attributes."},
            {"Reason", "string", "", "Why it failed."},
            {"Age", "string", "", "How long ago it was created."},
            {"VolumeMode", "string", "", "Whether it has a file system.", 1}};
  }
  TableCells row(const PersistentVolume& v, WallTime now) const override {
    const codec::Quantity* size = v.spec.capacity.find("storage");
    const auto& claim = v.spec.claimRef;
    return {cell(v.metadata.name),
            cell(size ? size->text() : "0"),
            cell(access_modes_text(v.spec.accessModes)),
            cell(v.spec.persistentVolumeReclaimPolicy),
            cell(v.metadata.deletionTimestamp ? "Terminating" : v.status.phase),
            cell(claim ? claim->namespace_ + "/" + claim->name : ""),
            cell(class_of(v)),
            cell(v.spec.volumeAttributesClassName.value_or("<unset>")),
            cell(v.status.reason),
            age_cell(v.metadata.creationTimestamp, now),
            cell(v.spec.volumeMode.value_or("<unset>"))};
  }
};

std::vector<std::string> PersistentVolumeStrategy::warn(const PersistentVolume& v,
                                                        const PersistentVolume*) const {
  std::vector<std::string> out;
  const auto annotation = [&](std::string_view key, const char* text) {
    if (v.metadata.annotations.contains(key))
      out.push_back(Path("metadata").child("annotations").key(key).str() + ": " + text);
  };
  annotation(kClass, R"(deprecated since v1.8; use "storageClassName" attribute instead)");
  annotation(kMountOptions, R"(deprecated since v1.31; use "mountOptions" attribute instead)");
  const PersistentVolumeSpec& s = v.spec;
  if (s.persistentVolumeReclaimPolicy == "Recycle")
    out.push_back(
        "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the "
        "recommended "
        "approach is to use dynamic provisioning.");
  if (s.nodeAffinity && s.nodeAffinity->required)
    for (std::string& w :
         deprecated_labels(*s.nodeAffinity->required, Path("spec").child("nodeAffinity").child("required")))
      out.push_back(std::move(w));
  const auto& source = s.persistentVolumeSource;
  const auto old = [&](bool is_set, const char* text) {
    if (is_set) out.push_back(text);
  };
  old(source.cephfs.has_value(), "spec.cephfs: deprecated in v1.28, non-functional in v1.31+");
  old(source.photonPersistentDisk.has_value(),
      "spec.photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+");
  old(source.scaleIO.has_value(), "spec.scaleIO: deprecated in v1.16, non-functional in v1.22+");
  old(source.storageos.has_value(), "spec.storageOS: deprecated in v1.22, non-functional in v1.25+");
  old(source.glusterfs.has_value(), "spec.glusterfs: deprecated in v1.25, non-functional in v1.26+");
  old(source.rbd.has_value(), "spec.rbd: deprecated in v1.28, non-functional in v1.31+");
  return out;
}

}  // namespace

const Strategy& persistent_volume_strategy() {
  static const PersistentVolumeStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
