#pragma once
#include <string>
#include <string_view>

#include "api/schema/core/v1/persistent_volume_source.h"
#include "api/schema/core/v1/pod_spec.h"
#include "machinery/errors/field_errors.h"

/// Where the bytes of a volume are: rules and defaults that volumes of pods and persistent volumes share.
namespace mizzen::api {

void check_host_path(const core::v1::HostPathVolumeSource& source, const machinery::Path& at,
                     machinery::FieldErrors& errors);
void check_gce_disk(const core::v1::GCEPersistentDiskVolumeSource& source, const machinery::Path& at,
                    machinery::FieldErrors& errors);
void check_aws_disk(const core::v1::AWSElasticBlockStoreVolumeSource& source, const machinery::Path& at,
                    machinery::FieldErrors& errors);
void check_nfs(const core::v1::NFSVolumeSource& source, const machinery::Path& at,
               machinery::FieldErrors& errors);
void check_flocker(const core::v1::FlockerVolumeSource& source, const machinery::Path& at,
                   machinery::FieldErrors& errors);
void check_quobyte(const core::v1::QuobyteVolumeSource& source, const machinery::Path& at,
                   machinery::FieldErrors& errors);
void check_fc(const core::v1::FCVolumeSource& source, const machinery::Path& at,
              machinery::FieldErrors& errors);
void check_azure_disk(const core::v1::AzureDiskVolumeSource& source, const machinery::Path& at,
                      machinery::FieldErrors& errors);
void check_flex(const std::string& driver, const codec::Map<std::string>& options, const machinery::Path& at,
                machinery::FieldErrors& errors);
/// A name of iSCSI: iqn., eui. or naa. `odd`: what is said of one that begins otherwise.
void check_iscsi_name(const std::string& name, const machinery::Path& at, const char* odd,
                      machinery::FieldErrors& errors);
/// Required where empty.
void check_set(std::string_view value, const machinery::Path& at, machinery::FieldErrors& errors);

/// What both kinds of volumes name alike: path of a host, RBD, iSCSI, disks of Azure, ScaleIO.
template <typename Source>
void default_source(Source& s) {
  if (s.hostPath && !s.hostPath->type) s.hostPath->type = "";
  const auto set = [](std::string& field, const char* value) {
    if (field.empty()) field = value;
  };
  if (s.rbd) {
    set(s.rbd->pool, "rbd");
    set(s.rbd->user, "admin");
    set(s.rbd->keyring, "/etc/ceph/keyring");
  }
  if (s.iscsi) set(s.iscsi->iscsiInterface, "default");
  if (s.azureDisk) {
    auto& d = *s.azureDisk;
    if (!d.cachingMode) d.cachingMode = "ReadWrite";
    if (!d.fsType) d.fsType = "ext4";
    if (!d.readOnly) d.readOnly = false;
    if (!d.kind) d.kind = "Shared";
  }
  if (s.scaleIO) {
    set(s.scaleIO->storageMode, "ThinProvisioned");
    set(s.scaleIO->fsType, "xfs");
  }
}

/// Sources in the order in which upstream looks at them: the first one counts, later ones are one too many.
class SourceChecks {
 public:
  SourceChecks(const machinery::Path& at, machinery::FieldErrors& errors) : at_(at), errors_(errors) {}

  /// `name`: as one too many is named; `shown`: as its own errors are, where that differs.
  template <typename Box, typename F>
  void one(const Box& source, const char* name, F check, const char* shown = nullptr) {
    if (!source) return;
    if (count_ > 0) return errors_.forbidden(at_.child(name), "may not specify more than 1 volume type");
    count(source, shown ? shown : name, check);
  }
  /// However many there are.
  template <typename Box, typename F>
  void count(const Box& source, const char* name, F check) {
    if (!source) return;
    ++count_;
    check(*source, at_.child(name));
  }
  size_t count() const { return count_; }

 private:
  const machinery::Path& at_;
  machinery::FieldErrors& errors_;
  size_t count_ = 0;
};

}  // namespace mizzen::api
