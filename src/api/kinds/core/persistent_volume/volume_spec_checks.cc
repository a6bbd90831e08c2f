#include "api/kinds/core/persistent_volume/volume_spec_checks.h"

#include "api/checks/field_checks.h"
#include "api/checks/node_selector_checks.h"
#include "api/kinds/core/access_modes.h"
#include "api/kinds/core/volume_sources.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

constexpr const char* kNotInline = "may not be specified in the context of inline volumes";

void check_secret(const codec::Box<SecretReference>& secret, const Path& at, FieldErrors& errors) {
  if (!secret) return;
  const auto name = at.child("name"), ns = at.child("namespace");
  secret->name.empty() ? errors.required(name, "") : check_subdomain(secret->name, name, errors);
  secret->namespace_.empty() ? errors.required(ns, "") : check_label(secret->namespace_, ns, errors);
}

/// Required, and no more.
template <typename Secret>
void check_secret_named(const codec::Box<Secret>& secret, const Path& at, FieldErrors& errors) {
  if (!secret) return;
  check_set(secret->name, at.child("name"), errors);
  check_set(secret->namespace_, at.child("namespace"), errors);
}

void check_csi(const CSIPersistentVolumeSource& s, const Path& at, FieldErrors& errors) {
  check_driver_name(s.driver, at.child("driver"), errors);
  check_set(s.volumeHandle, at.child("volumeHandle"), errors);
  check_secret(s.controllerPublishSecretRef, at.child("controllerPublishSecretRef"), errors);
  check_secret(s.controllerExpandSecretRef, at.child("controllerExpandSecretRef"), errors);
  check_secret(s.nodePublishSecretRef, at.child("nodePublishSecretRef"), errors);
  check_secret(s.nodeExpandSecretRef, at.child("nodeExpandSecretRef"), errors);
}

void check_iscsi(const ISCSIPersistentVolumeSource& s, const std::string& volume, const Path& at,
                 FieldErrors& errors) {
  constexpr size_t kNameAndPortalMax = 64;
  constexpr const char* kOdd = "must be valid format";
  check_set(s.targetPortal, at.child("targetPortal"), errors);
  if (s.initiatorName && volume.size() + 1 + s.targetPortal.size() > kNameAndPortalMax)
    errors.invalid(at.child("targetportal"), s.targetPortal,
                   "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if "
                   "iscsi.initiatorName is specified.");
  if (s.iqn.empty()) {
    errors.required(at.child("iqn"), "");
  } else {
    check_iscsi_name(s.iqn, at.child("iqn"), kOdd, errors);
  }
  if (s.lun < 0 || s.lun > 255)
    errors.invalid(at.child("lun"), s.lun, "must be between 0 and 255, inclusive");
  if ((s.chapAuthDiscovery || s.chapAuthSession) && !s.secretRef) errors.required(at.child("secretRef"), "");
  if (s.secretRef) check_set(s.secretRef->name, at.child("secretRef").child("name"), errors);
  if (s.initiatorName) check_iscsi_name(*s.initiatorName, at.child("initiatorname"), kOdd, errors);
}

void check_glusterfs(const GlusterfsPersistentVolumeSource& s, const Path& at, FieldErrors& errors) {
  check_set(s.endpoints, at.child("endpoints"), errors);
  check_set(s.path, at.child("path"), errors);
  if (!s.endpointsNamespace) return;
  const Path ns = at.child("endpointsNamespace");
  if (s.endpointsNamespace->empty())
    return errors.invalid(ns, "", "if the endpointnamespace is set, it must be a valid namespace name");
  check_label(*s.endpointsNamespace, ns, errors);
}

void check_local(const LocalVolumeSource& s, const Path& at, FieldErrors& errors) {
  if (s.path.empty()) return errors.required(at.child("path"), "");
  check_no_backsteps(s.path, at.child("path"), errors);
}

void check_storageos(const StorageOSPersistentVolumeSource& s, const Path& at, FieldErrors& errors) {
  const Path name = at.child("volumeName");
  s.volumeName.empty() ? errors.required(name, "") : check_label(s.volumeName, name, errors);
  if (!s.volumeNamespace.empty()) check_label(s.volumeNamespace, at.child("volumeNamespace"), errors);
  if (s.secretRef) {
    check_set(s.secretRef->name, at.child("secretRef").child("name"), errors);
    check_set(s.secretRef->namespace_, at.child("secretRef").child("namespace"), errors);
  }
}

void check_source(const PersistentVolumeSpec& spec, const std::string& name, bool in_place, const Path& at,
                  FieldErrors& errors) {
  const PersistentVolumeSource& s = spec.persistentVolumeSource;
  SourceChecks sources(at, errors);
  const auto need = [&](const std::string& value, const Path& where) { check_set(value, where, errors); };
  sources.one(s.hostPath, "hostPath", [&](const auto& v, const Path& p) { check_host_path(v, p, errors); });
  sources.one(
      s.gcePersistentDisk, "gcePersistentDisk",
      [&](const auto& v, const Path& p) { check_gce_disk(v, p, errors); }, "persistentDisk");
  sources.one(s.awsElasticBlockStore, "awsElasticBlockStore",
              [&](const auto& v, const Path& p) { check_aws_disk(v, p, errors); });
  sources.one(s.glusterfs, "glusterfs", [&](const auto& v, const Path& p) { check_glusterfs(v, p, errors); });
  sources.one(s.flocker, "flocker", [&](const auto& v, const Path& p) { check_flocker(v, p, errors); });
  sources.one(s.nfs, "nfs", [&](const auto& v, const Path& p) { check_nfs(v, p, errors); });
  sources.one(s.rbd, "rbd", [&](const auto& v, const Path& p) {
    if (v.monitors.empty()) errors.required(p.child("monitors"), "");
    need(v.image, p.child("image"));
  });
  sources.one(s.quobyte, "quobyte", [&](const auto& v, const Path& p) { check_quobyte(v, p, errors); });
  sources.one(
      s.cephfs, "cephFS",
      [&](const auto& v, const Path& p) {
        if (v.monitors.empty()) errors.required(p.child("monitors"), "");
      },
      "cephfs");
  sources.one(s.iscsi, "iscsi", [&](const auto& v, const Path& p) { check_iscsi(v, name, p, errors); });
  sources.one(s.cinder, "cinder", [&](const auto& v, const Path& p) {
    need(v.volumeID, p.child("volumeID"));
    check_secret_named(v.secretRef, p.child("secretRef"), errors);
  });
  sources.one(s.fc, "fc", [&](const auto& v, const Path& p) { check_fc(v, p, errors); });
  sources.count(s.flexVolume, "flexVolume",
                [&](const auto& v, const Path& p) { check_flex(v.driver, v.options, p, errors); });
  sources.one(s.azureFile, "azureFile", [&](const auto& v, const Path& p) {
    need(v.secretName, p.child("secretName"));
    need(v.shareName, p.child("shareName"));
    if (v.secretNamespace) need(*v.secretNamespace, p.child("secretNamespace"));
  });
  sources.one(s.vsphereVolume, "vsphereVolume",
              [&](const auto& v, const Path& p) { need(v.volumePath, p.child("volumePath")); });
  sources.one(s.photonPersistentDisk, "photonPersistentDisk",
              [&](const auto& v, const Path& p) { need(v.pdID, p.child("pdID")); });
  sources.one(s.portworxVolume, "portworxVolume",
              [&](const auto& v, const Path& p) { need(v.volumeID, p.child("volumeID")); });
  sources.one(s.azureDisk, "azureDisk",
              [&](const auto& v, const Path& p) { check_azure_disk(v, p, errors); });
  sources.one(s.scaleIO, "scaleIO", [&](const auto& v, const Path& p) {
    need(v.gateway, p.child("gateway"));
    need(v.system, p.child("system"));
    need(v.volumeName, p.child("volumeName"));
  });
  sources.one(s.local, "local", [&](const auto& v, const Path& p) {
    check_local(v, p, errors);
    if (!spec.nodeAffinity || in_place)
      errors.required(at.child("nodeAffinity"), "Local volume requires node affinity");
  });
  sources.one(s.storageos, "storageos", [&](const auto& v, const Path& p) { check_storageos(v, p, errors); });
  sources.one(s.csi, "csi", [&](const auto& v, const Path& p) { check_csi(v, p, errors); });
  if (sources.count() == 0) errors.required(at, "must specify a volume type");
}

std::string capacity_json(const codec::Map<codec::Quantity>& capacity) {
  std::string out;
  for (const auto& [name, amount] : capacity)
    out += (out.empty() ? "{" : ",") + quote(name) + ":" + quote(amount.text());
  return out.empty() ? "null" : out + "}";
}

void check_capacity(const codec::Map<codec::Quantity>& capacity, const Path& at, FieldErrors& errors) {
  if (capacity.empty()) errors.required(at, "");
  if (!capacity.contains("storage") || capacity.size() > 1)
    errors.not_supported_raw(at, capacity_json(capacity), {"storage"});
  for (const auto& [name, amount] : capacity) {
    if (amount.value() < 0) errors.invalid(at.key(name), amount.value(), "must be a valid resource quantity");
    if (amount.compare(codec::Quantity()) <= 0)
      errors.invalid(at.key(name), amount.text(), "must be greater than zero");
  }
}

/// What an attachment's volume may not say.
void check_inline(const PersistentVolumeSpec& s, const Path& at, FieldErrors& errors) {
  if (s.claimRef) errors.forbidden(at.child("claimRef"), kNotInline);
  if (!s.capacity.empty()) errors.forbidden(at.child("capacity"), kNotInline);
  if (!s.persistentVolumeSource.csi)
    errors.required(at.child("csi"), "has to be specified in the context of inline volumes");
}

void check_reclaim(const PersistentVolumeSpec& s, bool in_place, const Path& at, FieldErrors& errors) {
  const std::string& policy = s.persistentVolumeReclaimPolicy;
  if (policy.empty()) return;
  if (!in_place) return check_one_of(policy, at, {"Delete", "Recycle", "Retain"}, errors);
  if (policy != "Retain") errors.forbidden(at, "may only be Retain in the context of inline volumes");
}

void check_affinity(const PersistentVolumeSpec& s, bool in_place, const Path& at, FieldErrors& errors) {
  if (!s.nodeAffinity) return;
  if (in_place) return errors.forbidden(at, kNotInline);
  if (s.nodeAffinity->required)
    return check_node_selector(*s.nodeAffinity->required, at.child("required"), errors);
  errors.required(at.child("required"), "must specify required node constraints");
}

void check_modes_and_classes(const PersistentVolumeSpec& s, bool in_place, const Path& at,
                             FieldErrors& errors) {
  if (!s.storageClassName.empty()) {
    const Path name = at.child("storageClassName");
    in_place ? errors.forbidden(name, kNotInline) : check_subdomain(s.storageClassName, name, errors);
  }
  if (s.volumeMode && !in_place) check_volume_mode(*s.volumeMode, at.child("volumeMode"), errors);
  if (s.volumeMode && in_place && *s.volumeMode != "Filesystem")
    errors.forbidden(at.child("volumeMode"),
                     "may not specify volumeMode other than Filesystem in the context of inline volumes");
  // Of inline volumes upstream does not look at it.
  if (!s.volumeAttributesClassName || in_place) return;
  const Path attributes = at.child("volumeAttributesClassName");
  if (s.volumeAttributesClassName->empty()) {
    errors.required(attributes, "an empty string is disallowed");
  } else {
    check_subdomain(*s.volumeAttributesClassName, attributes, errors);
  }
  if (!s.persistentVolumeSource.csi)
    errors.required(at.child("csi"), "has to be specified when using volumeAttributesClassName");
}

/// True for what Go cleans to "/".
bool is_root(const std::string& path) {
  if (!path.starts_with("/")) return false;
  int depth = 0;
  for (const std::string_view part : split(path, '/')) {
    if (part == "..") {
      depth = std::max(0, depth - 1);
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
  }
  return depth == 0;
}

}  // namespace

void check_volume_spec(const PersistentVolumeSpec& s, const std::string& name, VolumePlace place,
                       const Path& at, FieldErrors& errors) {
  const bool in_place = place == VolumePlace::Inline;
  if (in_place) check_inline(s, at, errors);
  if (s.accessModes.empty()) errors.required(at.child("accessModes"), "");
  check_access_modes(s.accessModes, at.child("accessModes"), errors);
  if (!in_place) check_capacity(s.capacity, at.child("capacity"), errors);
  const Path reclaim = at.child("persistentVolumeReclaimPolicy");
  check_reclaim(s, in_place, reclaim, errors);
  check_affinity(s, in_place, at.child("nodeAffinity"), errors);
  check_source(s, name, in_place, at, errors);
  const auto& host = s.persistentVolumeSource.hostPath;
  if (host && is_root(host->path) && s.persistentVolumeReclaimPolicy == "Recycle")
    errors.forbidden(reclaim, "may not be 'recycle' for a hostPath mount of '/'");
  check_modes_and_classes(s, in_place, at, errors);
}

}  // namespace mizzen::api
