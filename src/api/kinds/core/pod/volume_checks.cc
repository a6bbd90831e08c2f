// Volumes of pods, and references to fields of the pod, which volumes and environment share.
#include "api/kinds/core/pod/volume_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/checks/field_checks.h"
#include "api/checks/template_meta_checks.h"
#include "api/kinds/core/volume_claim_spec.h"
#include "api/kinds/core/volume_sources.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

constexpr const char* kMode = "must be a number between 0 and 0777 (octal), both inclusive";
constexpr int64_t kTokenSecondsMin = 600;
constexpr int64_t kTokenSecondsMax = int64_t{1} << 32;

void check_mode(const std::optional<int32_t>& mode, const Path& at, FieldErrors& errors) {
  if (mode && (*mode < 0 || *mode > 0777)) errors.invalid(at, *mode, kMode);
}

void needs(const std::string& value, const Path& at, FieldErrors& errors) {
  if (value.empty()) errors.required(at, "");
}

void check_items(const std::vector<KeyToPath>& items, const Path& at, FieldErrors& errors) {
  for (size_t i = 0; i < items.size(); ++i) {
    const Path here = at.index(i);
    needs(items[i].key, here.child("key"), errors);
    needs(items[i].path, here.child("path"), errors);
    check_local_path(items[i].path, here.child("path"), errors);
    check_mode(items[i].mode, here.child("mode"), errors);
  }
}

void check_downward_file(const DownwardAPIVolumeFile& file, const Path& at, FieldErrors& errors) {
  needs(file.path, at.child("path"), errors);
  check_local_path(file.path, at.child("path"), errors);
  if (file.fieldRef) {
    check_field_ref(*file.fieldRef, FieldRefPlace::Volume, at.child("fieldRef"), errors);
    if (file.resourceFieldRef)
      errors.invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
  } else if (file.resourceFieldRef) {
    check_resource_ref(*file.resourceFieldRef, FieldRefPlace::Volume, at.child("resourceFieldRef"), errors);
  } else {
    errors.required(at, "one of fieldRef and resourceFieldRef is required");
  }
  check_mode(file.mode, at.child("mode"), errors);
}

void check_projected(const ProjectedVolumeSource& p, const Path& at, FieldErrors& errors) {
  check_mode(p.defaultMode, at.child("defaultMode"), errors);
  std::set<std::string> paths;
  const auto claim = [&](const std::string& path, const std::string& said_as) {
    if (!path.empty() && !paths.insert(path).second)
      errors.invalid(at, said_as, "conflicting duplicate paths");
  };
  for (size_t i = 0; i < p.sources.size(); ++i) {
    const VolumeProjection& s = p.sources[i];
    const Path here = at.child("sources").index(i);
    if (s.secret) {
      const std::string& name = s.secret->localObjectReference.name;
      needs(name, here.child("secret").child("name"), errors);
      check_items(s.secret->items, here.child("secret").child("items"), errors);
      for (const KeyToPath& item : s.secret->items) claim(item.path, name);
    }
    if (s.configMap) {
      const std::string& name = s.configMap->localObjectReference.name;
      needs(name, here.child("configMap").child("name"), errors);
      check_items(s.configMap->items, here.child("configMap").child("items"), errors);
      for (const KeyToPath& item : s.configMap->items) claim(item.path, name);
    }
    if (s.downwardAPI)
      for (const DownwardAPIVolumeFile& file : s.downwardAPI->items) {
        check_downward_file(file, here.child("downwardAPI"), errors);
        claim(file.path, file.path);
      }
    if (s.serviceAccountToken) {
      const auto& token = *s.serviceAccountToken;
      const Path where = here.child("serviceAccountToken").child("expirationSeconds");
      const int64_t seconds = token.expirationSeconds.value_or(0);
      if (seconds < kTokenSecondsMin)
        errors.invalid(where, seconds, "may not specify a duration less than 10 minutes");
      if (seconds > kTokenSecondsMax)
        errors.invalid(where, seconds, "may not specify a duration larger than 2^32 seconds");
      needs(token.path, at.child("path"), errors);
      if (!token.path.empty()) check_local_path(token.path, at.child("path"), errors);
    }
    const int kinds = !!s.secret + !!s.configMap + !!s.downwardAPI + !!s.serviceAccountToken +
                      !!s.clusterTrustBundle + !!s.podCertificate;
    if (kinds > 1) errors.forbidden(here, "may not specify more than 1 volume type per source");
  }
}

void check_csi(const CSIVolumeSource& s, const Path& at, FieldErrors& errors) {
  check_driver_name(s.driver, at.child("driver"), errors);
  if (!s.nodePublishSecretRef) return;
  if (s.nodePublishSecretRef->name.empty()) {
    errors.required(at.child("nodePublishSecretRef").child("name"), "");
  } else {
    check_subdomain(s.nodePublishSecretRef->name, at.child("name"), errors);
  }
}

void check_iscsi(const ISCSIVolumeSource& s, const Path& at, FieldErrors& errors) {
  constexpr const char* kOdd = "must be valid format starting with iqn, eui, or naa";
  needs(s.targetPortal, at.child("targetPortal"), errors);
  if (s.iqn.empty()) {
    errors.required(at.child("iqn"), "");
  } else {
    check_iscsi_name(s.iqn, at.child("iqn"), kOdd, errors);
  }
  if (s.lun < 0 || s.lun > 255)
    errors.invalid(at.child("lun"), s.lun, "must be between 0 and 255, inclusive");
  if ((s.chapAuthDiscovery || s.chapAuthSession) && !s.secretRef) errors.required(at.child("secretRef"), "");
  if (s.initiatorName) check_iscsi_name(*s.initiatorName, at.child("initiatorname"), kOdd, errors);
}

void check_source(const VolumeSource& s, const std::string& name, const std::string& pod_name, const Path& at,
                  FieldErrors& errors) {
  SourceChecks sources(at, errors);
  const auto need = [&](const std::string& value, const Path& where) { needs(value, where, errors); };
  sources.one(s.emptyDir, "emptyDir", [&](const auto& v, const Path& here) {
    if (v.sizeLimit && v.sizeLimit->negative())
      errors.forbidden(here.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
  });
  sources.one(s.hostPath, "hostPath",
              [&](const auto& v, const Path& here) { check_host_path(v, here, errors); });
  sources.one(s.gitRepo, "gitRepo", [&](const auto& v, const Path& here) {
    need(v.repository, here.child("repository"));
    check_descending_path(v.directory, here.child("directory"), errors);
  });
  sources.one(
      s.gcePersistentDisk, "gcePersistentDisk",
      [&](const auto& v, const Path& here) { check_gce_disk(v, here, errors); }, "persistentDisk");
  sources.one(s.awsElasticBlockStore, "awsElasticBlockStore",
              [&](const auto& v, const Path& here) { check_aws_disk(v, here, errors); });
  sources.one(s.secret, "secret", [&](const auto& v, const Path& here) {
    need(v.secretName, here.child("secretName"));
    check_mode(v.defaultMode, here.child("defaultMode"), errors);
    check_items(v.items, here.child("items"), errors);
  });
  sources.one(s.nfs, "nfs", [&](const auto& v, const Path& here) { check_nfs(v, here, errors); });
  sources.one(s.iscsi, "iscsi", [&](const auto& v, const Path& here) { check_iscsi(v, here, errors); });
  sources.one(s.glusterfs, "glusterfs", [&](const auto& v, const Path& here) {
    need(v.endpoints, here.child("endpoints"));
    need(v.path, here.child("path"));
  });
  sources.one(s.flocker, "flocker", [&](const auto& v, const Path& here) { check_flocker(v, here, errors); });
  sources.one(s.persistentVolumeClaim, "persistentVolumeClaim",
              [&](const auto& v, const Path& here) { need(v.claimName, here.child("claimName")); });
  sources.one(s.rbd, "rbd", [&](const auto& v, const Path& here) {
    if (v.monitors.empty()) errors.required(here.child("monitors"), "");
    need(v.image, here.child("image"));
  });
  sources.one(s.cinder, "cinder", [&](const auto& v, const Path& here) {
    need(v.volumeID, here.child("volumeID"));
    if (v.secretRef) need(v.secretRef->name, here.child("secretRef").child("name"));
  });
  sources.one(
      s.cephfs, "cephFS",
      [&](const auto& v, const Path& here) {
        if (v.monitors.empty()) errors.required(here.child("monitors"), "");
      },
      "cephfs");
  sources.one(s.quobyte, "quobyte", [&](const auto& v, const Path& here) { check_quobyte(v, here, errors); });
  sources.one(
      s.downwardAPI, "downwarAPI",
      [&](const auto& v, const Path& here) {
        check_mode(v.defaultMode, here.child("defaultMode"), errors);
        for (const auto& file : v.items) check_downward_file(file, here, errors);
      },
      "downwardAPI");
  sources.one(s.fc, "fc", [&](const auto& v, const Path& here) { check_fc(v, here, errors); });
  sources.one(s.flexVolume, "flexVolume",
              [&](const auto& v, const Path& here) { check_flex(v.driver, v.options, here, errors); });
  sources.one(s.configMap, "configMap", [&](const auto& v, const Path& here) {
    need(v.localObjectReference.name, here.child("name"));
    check_mode(v.defaultMode, here.child("defaultMode"), errors);
    check_items(v.items, here.child("items"), errors);
  });
  sources.one(s.azureFile, "azureFile", [&](const auto& v, const Path& here) {
    need(v.secretName, here.child("secretName"));
    need(v.shareName, here.child("shareName"));
  });
  sources.one(s.vsphereVolume, "vsphereVolume",
              [&](const auto& v, const Path& here) { need(v.volumePath, here.child("volumePath")); });
  sources.one(s.photonPersistentDisk, "photonPersistentDisk",
              [&](const auto& v, const Path& here) { need(v.pdID, here.child("pdID")); });
  sources.one(s.portworxVolume, "portworxVolume",
              [&](const auto& v, const Path& here) { need(v.volumeID, here.child("volumeID")); });
  sources.one(s.azureDisk, "azureDisk",
              [&](const auto& v, const Path& here) { check_azure_disk(v, here, errors); });
  sources.one(s.storageos, "storageos", [&](const auto& v, const Path& here) {
    if (v.volumeName.empty()) {
      errors.required(here.child("volumeName"), "");
    } else {
      check_label(v.volumeName, here.child("volumeName"), errors);
    }
    if (!v.volumeNamespace.empty()) check_label(v.volumeNamespace, here.child("volumeNamespace"), errors);
    if (v.secretRef) need(v.secretRef->name, here.child("secretRef").child("name"));
  });
  sources.one(s.projected, "projected",
              [&](const auto& v, const Path& here) { check_projected(v, here, errors); });
  sources.one(s.scaleIO, "scaleIO", [&](const auto& v, const Path& here) {
    need(v.gateway, here.child("gateway"));
    need(v.system, here.child("system"));
    need(v.volumeName, here.child("volumeName"));
  });
  sources.one(s.csi, "csi", [&](const auto& v, const Path& here) { check_csi(v, here, errors); });
  sources.one(s.ephemeral, "ephemeral", [&](const auto& v, const Path& here) {
    const Path claim_template = here.child("volumeClaimTemplate");
    if (v.volumeClaimTemplate) {
      check_template_meta(v.volumeClaimTemplate->metadata, claim_template.child("metadata"), errors);
      check_volume_claim(v.volumeClaimTemplate->spec, claim_template.child("spec"), errors);
    } else {
      errors.required(claim_template, "");
    }
    if (pod_name.empty() || name.empty()) return;
    const std::string claim = pod_name + "-" + name;
    for (const std::string& m : machinery::is_dns1123_subdomain(claim))
      errors.invalid(at.child("name"), name, fmt::format("PVC name {}: {}", quote(claim), m));
  });
  sources.one(s.image, "image", [&](const auto& v, const Path& here) {
    if (!pod_name.empty()) need(v.reference, here.child("reference"));
    check_one_of(v.pullPolicy, here.child("pullPolicy"), {"Always", "IfNotPresent", "Never"}, errors);
  });
  if (sources.count() == 0) errors.required(at, "must specify a volume type");
}

}  // namespace

void check_field_ref(const ObjectFieldSelector& ref, FieldRefPlace place, const Path& at,
                     FieldErrors& errors) {
  if (ref.apiVersion.empty()) return errors.required(at.child("apiVersion"), "");
  if (ref.fieldPath.empty()) return errors.required(at.child("fieldPath"), "");
  const Path where = at.child("fieldPath");
  const auto unknown = [&](std::string_view why) {
    errors.invalid(where, ref.fieldPath, fmt::format("error converting fieldPath: {}", why));
  };
  if (ref.apiVersion != "v1") return unknown("unsupported pod version: " + ref.apiVersion);
  const std::string& text = ref.fieldPath;
  if (text.ends_with("']")) {
    const size_t bracket = text.find("['");
    const std::string path = text.substr(0, bracket);
    if (bracket != std::string::npos) {
      const std::string key = text.substr(bracket + 2, text.size() - bracket - 4);
      if (path != "metadata.annotations" && path != "metadata.labels")
        return unknown("field label does not support subscript: " + text);
      return check_messages(machinery::is_qualified_name(path == "metadata.labels" ? key : to_lower(key)), at,
                            path == "metadata.labels" ? key : to_lower(key), errors);
    }
  }
  constexpr std::string_view kKnown[] = {
      "metadata.annotations", "metadata.labels", "metadata.name",      "metadata.namespace",
      "metadata.uid",         "spec.nodeName",   "spec.restartPolicy", "spec.serviceAccountName",
      "spec.schedulerName",   "status.phase",    "status.hostIP",      "status.hostIPs",
      "status.podIP",         "status.podIPs"};
  const bool host = text == "spec.host";  // an old name of the node
  if (!host && std::find(std::begin(kKnown), std::end(kKnown), text) == std::end(kKnown))
    return unknown("field label not supported: " + text);
  const std::vector<std::string> env = {
      "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
      "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs"};
  const std::vector<std::string> volume = {"metadata.annotations", "metadata.labels", "metadata.name",
                                           "metadata.namespace", "metadata.uid"};
  const auto& offered = place == FieldRefPlace::Env ? env : volume;
  const std::string path = host ? "spec.nodeName" : text;
  if (std::find(offered.begin(), offered.end(), path) == offered.end())
    errors.not_supported(where, path, offered);
}

void check_resource_ref(const ResourceFieldSelector& ref, FieldRefPlace place, const Path& at,
                        FieldErrors& errors) {
  const std::string& name = ref.resource;
  const bool huge = name.starts_with("requests.hugepages-") || name.starts_with("limits.hugepages-");
  const std::vector<std::string> known = {"limits.cpu",   "limits.ephemeral-storage",   "limits.memory",
                                          "requests.cpu", "requests.ephemeral-storage", "requests.memory"};
  if (place == FieldRefPlace::Volume && ref.containerName.empty()) {
    errors.required(at.child("containerName"), "");
  } else if (name.empty()) {
    errors.required(at.child("resource"), "");
  } else if (!huge && std::find(known.begin(), known.end(), name) == known.end()) {
    errors.not_supported(at.child("resource"), name, known);
  }
  if (ref.divisor.is_zero()) return;
  const std::string& divisor = ref.divisor.text();
  if (name == "limits.cpu" || name == "requests.cpu") {
    if (divisor != "1m" && divisor != "1")
      errors.invalid(at.child("divisor"), name,
                     "only divisor's values 1m and 1 are supported with the cpu resource");
    return;
  }
  const char* what = name.ends_with(".memory")              ? "memory"
                     : name.ends_with(".ephemeral-storage") ? "local ephemeral storage"
                     : huge                                 ? "hugepages"
                                                            : nullptr;
  constexpr std::string_view kSizes[] = {"1",   "1k",  "1M",  "1G",  "1T",  "1P", "1E",
                                         "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};
  if (what && std::find(std::begin(kSizes), std::end(kSizes), divisor) == std::end(kSizes))
    errors.invalid(
        at.child("divisor"), name,
        fmt::format("only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are "
                    "supported with the {} resource",
                    what));
}

VolumesByName check_volumes(const std::vector<Volume>& volumes, const std::string& pod_name, const Path& at,
                            FieldErrors& errors) {
  VolumesByName out;
  std::set<std::string> made;  // claims that ephemeral volumes make
  for (const Volume& v : volumes)
    if (v.volumeSource.ephemeral && !pod_name.empty()) made.insert(pod_name + "-" + v.name);
  for (size_t i = 0; i < volumes.size(); ++i) {
    const Volume& v = volumes[i];
    const Path here = at.index(i);
    const size_t before = errors.size();
    check_source(v.volumeSource, v.name, pod_name, here, errors);
    if (v.name.empty()) {
      errors.required(here.child("name"), "");
    } else {
      check_label(v.name, here.child("name"), errors);
    }
    if (out.contains(v.name)) errors.duplicate(here.child("name"), v.name);
    if (errors.size() == before) out[v.name] = &v.volumeSource;
    const auto& claim = v.volumeSource.persistentVolumeClaim;
    if (claim && made.contains(claim->claimName))
      errors.invalid(here.child("persistentVolumeClaim").child("claimName"), claim->claimName,
                     "must not reference a PVC that gets created for an ephemeral volume");
  }
  return out;
}

}  // namespace mizzen::api
