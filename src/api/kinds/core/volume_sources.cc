#include "api/kinds/core/volume_sources.h"

#include <algorithm>

#include "api/checks/field_checks.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void check_partition(int32_t partition, const Path& at, FieldErrors& errors) {
  if (partition < 0 || partition > 255) errors.invalid(at, partition, "must be between 1 and 255, inclusive");
}

/// 2015-02.example.com:disk
bool is_iqn_rest(std::string_view text) {
  constexpr std::string_view kDate = "dddd-dd.";
  if (text.size() <= kDate.size()) return false;
  for (size_t i = 0; i < kDate.size(); ++i)
    if (kDate[i] == 'd' ? !is_digit(text[i]) : text[i] != kDate[i]) return false;
  text.remove_prefix(kDate.size());
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  const std::string_view host = text.substr(0, colon), name = text.substr(colon + 1);
  return std::all_of(host.begin(), host.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.'; }) &&
         name.find_first_of(",;*&$| \t\n\f\r") == std::string_view::npos;
}

bool is_iqn(std::string_view name) {
  constexpr std::string_view kBegin = "iqn.";
  for (size_t at = 0; (at = name.find(kBegin, at)) != std::string_view::npos; ++at)
    if (is_iqn_rest(name.substr(at + kBegin.size()))) return true;
  return false;
}

/// Three letters, any character, and so many letters and digits.
bool has_digits(std::string_view name, size_t count) {
  return name.size() == 4 + count && std::all_of(name.begin() + 4, name.end(), is_alnum);
}

/// host:port, as Go splits them.
bool is_host_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
  if (port.find_first_of("[]") != std::string_view::npos) return false;
  if (host.starts_with('[')) return host.ends_with(']') && host.find_first_of("[]", 1) == host.size() - 1;
  return host.find_first_of(":[]") == std::string_view::npos;
}

}  // namespace

void check_set(std::string_view value, const Path& at, FieldErrors& errors) {
  if (value.empty()) errors.required(at, "");
}

void check_host_path(const HostPathVolumeSource& s, const Path& at, FieldErrors& errors) {
  if (s.path.empty()) return errors.required(at.child("path"), "");
  check_no_backsteps(s.path, at.child("path"), errors);
  check_optional_of(
      s.type, at.child("type"),
      {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"},
      errors);
}

void check_gce_disk(const GCEPersistentDiskVolumeSource& s, const Path& at, FieldErrors& errors) {
  check_set(s.pdName, at.child("pdName"), errors);
  check_partition(s.partition, at.child("partition"), errors);
}

void check_aws_disk(const AWSElasticBlockStoreVolumeSource& s, const Path& at, FieldErrors& errors) {
  check_set(s.volumeID, at.child("volumeID"), errors);
  check_partition(s.partition, at.child("partition"), errors);
}

void check_nfs(const NFSVolumeSource& s, const Path& at, FieldErrors& errors) {
  check_set(s.server, at.child("server"), errors);
  check_set(s.path, at.child("path"), errors);
  if (!s.path.starts_with("/")) errors.invalid(at.child("path"), s.path, "must be an absolute path");
}

void check_flocker(const FlockerVolumeSource& s, const Path& at, FieldErrors& errors) {
  if (s.datasetName.empty() && s.datasetUUID.empty())
    errors.required(at, "one of datasetName and datasetUUID is required");
  if (!s.datasetName.empty() && !s.datasetUUID.empty())
    errors.invalid(at, "resource", "datasetName and datasetUUID can not be specified simultaneously");
  if (s.datasetName.find('/') != std::string::npos)
    errors.invalid(at.child("datasetName"), s.datasetName, "must not contain '/'");
}

void check_quobyte(const QuobyteVolumeSource& s, const Path& at, FieldErrors& errors) {
  constexpr size_t kTenantMax = 64;
  constexpr const char* kPairs = "must be a host:port pair or multiple pairs separated by commas";
  if (s.registry.empty()) {
    errors.required(at.child("registry"), kPairs);
  } else if (s.tenant.size() > kTenantMax) {
    errors.required(at.child("tenant"), "must be a UUID and may not exceed a length of 64 characters");
  } else {
    for (const std::string_view pair : split(s.registry, ','))
      if (!is_host_port(pair)) errors.invalid(at.child("registry"), s.registry, kPairs);
  }
  check_set(s.volume, at.child("volume"), errors);
}

void check_fc(const FCVolumeSource& s, const Path& at, FieldErrors& errors) {
  const Path targets = at.child("targetWWNs");
  if (s.targetWWNs.empty() && s.wwids.empty())
    errors.required(targets, "must specify either targetWWNs or wwids, but not both");
  if (!s.targetWWNs.empty() && !s.wwids.empty())
    errors.invalid_raw(targets, list_json(s.targetWWNs),
                       "targetWWNs and wwids can not be specified simultaneously");
  if (s.targetWWNs.empty()) return;
  if (!s.lun) {
    errors.required(at.child("lun"), "lun is required if targetWWNs is specified");
  } else if (*s.lun < 0 || *s.lun > 255) {
    errors.invalid(at.child("lun"), *s.lun, "must be between 0 and 255, inclusive");
  }
}

void check_azure_disk(const AzureDiskVolumeSource& s, const Path& at, FieldErrors& errors) {
  check_set(s.diskName, at.child("diskName"), errors);
  check_set(s.diskURI, at.child("diskURI"), errors);
  check_optional_of(s.cachingMode, at.child("cachingMode"), {"None", "ReadOnly", "ReadWrite"}, errors);
  check_optional_of(s.kind, at.child("kind"), {"Dedicated", "Managed", "Shared"}, errors);
  if (!s.kind) return;
  if (*s.kind == "Managed" && !s.diskURI.starts_with("/subscriptions/"))
    errors.not_supported(
        at.child("diskURI"), s.diskURI,
        {"/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"});
  if (*s.kind != "Managed" && !s.diskURI.starts_with("https://"))
    errors.not_supported(at.child("diskURI"), s.diskURI,
                         {"https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"});
}

void check_flex(const std::string& driver, const codec::Map<std::string>& options, const Path& at,
                FieldErrors& errors) {
  check_set(driver, at.child("driver"), errors);
  for (const auto& [key, value] : options) {
    const std::string domain = "." + to_lower(key.substr(0, key.find('/')));
    if (domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io"))
      errors.invalid(at.child("options").key(key), key, "kubernetes.io and k8s.io namespaces are reserved");
  }
}

void check_iscsi_name(const std::string& name, const Path& at, const char* odd, FieldErrors& errors) {
  constexpr size_t kEuiDigits = 16, kNaaDigits = 32;
  const bool iqn = name.starts_with("iqn"), eui = name.starts_with("eui"), naa = name.starts_with("naa");
  if (!iqn && !eui && !naa) return errors.invalid(at, name, odd);
  const bool good = iqn ? is_iqn(name) : has_digits(name, eui ? kEuiDigits : kNaaDigits);
  if (!good) errors.invalid(at, name, "must be valid format");
}

}  // namespace mizzen::api
