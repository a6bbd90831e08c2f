// Security contexts of pods and containers, and what an operating system does not have.
#include "api/kinds/core/pod/security_checks.h"

#include <set>

#include "api/checks/field_checks.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

using namespace core::v1;
using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kSysctlMax = 253;
constexpr size_t kAppArmorProfileMax = 4095;

/// Parts of lower case letters, digits, '-' and '_', with '.' or '/' between.
bool is_sysctl(std::string_view name) {
  if (name.size() > kSysctlMax) return false;
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  std::string dotted(name);
  for (char& c : dotted)
    if (c == '/') c = '.';
  for (const std::string_view part : split(dotted, '.')) {
    if (part.empty() || !plain(part.front()) || !plain(part.back())) return false;
    for (const char c : part)
      if (!plain(c) && c != '-' && c != '_') return false;
  }
  return true;
}

void check_sysctls(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  std::set<std::string> seen;
  const auto& list = spec.securityContext->sysctls;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string& name = list[i].name;
    const Path here = at.index(i).child("name");
    if (name.empty()) {
      errors.required(here, "");
    } else if (!is_sysctl(name)) {
      errors.invalid(here, name,
                     "must have at most 253 characters and match regex "
                     "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
    } else if (seen.contains(name)) {
      errors.duplicate(here, name);
    }
    const bool ipc = name.starts_with("kernel.shm") || name.starts_with("kernel.msg") ||
                     name == "kernel.sem" || name.starts_with("fs.mqueue.");
    if (spec.hostNetwork && name.starts_with("net."))
      errors.invalid(here, name, "may not be specified when 'hostNetwork' is true");
    if (spec.hostIPC && ipc) errors.invalid(here, name, "may not be specified when 'hostIPC' is true");
    seen.insert(name);
  }
}

void check_seccomp(const codec::Box<SeccompProfile>& profile, const Path& at, FieldErrors& errors) {
  if (!profile) return;
  if (profile->type == "Localhost") {
    if (!profile->localhostProfile) {
      errors.required(at.child("localhostProfile"), "must be set when seccomp type is Localhost");
    } else {
      check_descending_path(*profile->localhostProfile, at.child("localhostProfile"), errors);
    }
  } else if (profile->localhostProfile) {
    errors.invalid(at.child("localhostProfile"), *profile->localhostProfile,
                   "can only be set when seccomp type is Localhost");
  }
  if (profile->type.empty())
    return errors.required(at.child("type"), "type is required when seccompProfile is set");
  check_one_of(profile->type, at.child("type"), {"Localhost", "RuntimeDefault", "Unconfined"}, errors);
}

void check_app_armor(const codec::Box<AppArmorProfile>& profile, const Path& at, FieldErrors& errors) {
  if (!profile) return;
  const Path where = at.child("localhostProfile");
  if (profile->type == "Localhost") {
    const std::string text = profile->localhostProfile.value_or("");
    if (trim(text).empty()) {
      errors.required(where, "must be set when AppArmor type is Localhost");
    } else {
      if (trim(text) != text) errors.invalid(where, text, "must not be padded with whitespace");
      if (text.size() > kAppArmorProfileMax) errors.too_long(where, kAppArmorProfileMax);
    }
  } else if (profile->localhostProfile) {
    errors.invalid(where, *profile->localhostProfile, "can only be set when AppArmor type is Localhost");
  }
  if (profile->type.empty())
    return errors.required(at.child("type"), "type is required when appArmorProfile is set");
  check_one_of(profile->type, at.child("type"), {"Localhost", "RuntimeDefault", "Unconfined"}, errors);
}

template <typename F>
void each_container(const PodSpec& spec, const Path& at, F f) {
  for (size_t i = 0; i < spec.initContainers.size(); ++i)
    f(spec.initContainers[i].securityContext, at.child("initContainers").index(i).child("securityContext"));
  for (size_t i = 0; i < spec.containers.size(); ++i)
    f(spec.containers[i].securityContext, at.child("containers").index(i).child("securityContext"));
}

void check_windows(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  const auto none = [&](bool set, const Path& where) {
    if (set) errors.forbidden(where, "cannot be set for a windows pod");
  };
  if (spec.securityContext) {
    const auto& c = *spec.securityContext;
    const Path here = at.child("securityContext");
    none(!!c.appArmorProfile, here.child("appArmorProfile"));
    none(!!c.seLinuxOptions, here.child("seLinuxOptions"));
    none(spec.hostUsers.has_value(), at.child("hostUsers"));
    none(spec.hostPID, at.child("hostPID"));
    none(spec.hostIPC, at.child("hostIPC"));
    none(!!c.seccompProfile, here.child("seccompProfile"));
    none(c.fsGroup.has_value(), here.child("fsGroup"));
    none(c.fsGroupChangePolicy.has_value(), here.child("fsGroupChangePolicy"));
    none(!c.sysctls.empty(), here.child("sysctls"));
    none(spec.shareProcessNamespace.has_value(), at.child("shareProcessNamespace"));
    none(c.runAsUser.has_value(), here.child("runAsUser"));
    none(c.runAsGroup.has_value(), here.child("runAsGroup"));
    none(!c.supplementalGroups.empty(), here.child("supplementalGroups"));
    none(c.supplementalGroupsPolicy.has_value(), here.child("supplementalGroupsPolicy"));
    none(c.seLinuxChangePolicy.has_value(), here.child("seLinuxChangePolicy"));
  }
  each_container(spec, at, [&](const codec::Box<SecurityContext>& c, const Path& here) {
    if (!c) return;
    none(!!c->appArmorProfile, here.child("appArmorProfile"));
    none(!!c->seLinuxOptions, here.child("seLinuxOptions"));
    none(!!c->seccompProfile, here.child("seccompProfile"));
    none(!!c->capabilities, here.child("capabilities"));
    none(c->readOnlyRootFilesystem.has_value(), here.child("readOnlyRootFilesystem"));
    none(c->privileged.has_value(), here.child("privileged"));
    none(c->allowPrivilegeEscalation.has_value(), here.child("allowPrivilegeEscalation"));
    none(c->procMount.has_value(), here.child("procMount"));
    none(c->runAsUser.has_value(), here.child("runAsUser"));
    none(c->runAsGroup.has_value(), here.child("runAsGroup"));
  });
}

}  // namespace

void check_pod_security(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  if (!spec.securityContext) return;
  const auto& c = *spec.securityContext;
  check_id(c.fsGroup, at.child("fsGroup"), errors);
  check_id(c.runAsUser, at.child("runAsUser"), errors);
  check_id(c.runAsGroup, at.child("runAsGroup"), errors);
  for (size_t i = 0; i < c.supplementalGroups.size(); ++i)
    check_id(c.supplementalGroups[i], at.child("supplementalGroups").index(i), errors);
  if (spec.shareProcessNamespace.value_or(false) && spec.hostPID)
    errors.invalid_raw(at.child("shareProcessNamespace"), "true",
                       "ShareProcessNamespace and HostPID cannot both be enabled");
  check_sysctls(spec, at.child("sysctls"), errors);
  check_optional_of(c.fsGroupChangePolicy, at.child("fsGroupChangePolicy"), {"Always", "OnRootMismatch"},
                    errors);
  check_seccomp(c.seccompProfile, at.child("seccompProfile"), errors);
  check_app_armor(c.appArmorProfile, at.child("appArmorProfile"), errors);
  check_optional_of(c.supplementalGroupsPolicy, at.child("supplementalGroupsPolicy"), {"Merge", "Strict"},
                    errors);
  check_optional_of(c.seLinuxChangePolicy, at.child("seLinuxChangePolicy"), {"MountOption", "Recursive"},
                    errors);
}

void check_container_security(const codec::Box<SecurityContext>& context, bool host_users, const Path& at,
                              FieldErrors& errors) {
  if (!context) return;
  const SecurityContext& c = *context;
  check_id(c.runAsUser, at.child("runAsUser"), errors);
  check_id(c.runAsGroup, at.child("runAsGroup"), errors);
  check_optional_of(c.procMount, at.child("procMount"), {"Default", "Unmasked"}, errors);
  if (host_users && c.procMount && *c.procMount == "Unmasked")
    errors.invalid(at.child("procMount"), *c.procMount, "`hostUsers` must be false to use `Unmasked`");
  check_seccomp(c.seccompProfile, at.child("seccompProfile"), errors);
  if (c.allowPrivilegeEscalation && !*c.allowPrivilegeEscalation) {
    if (c.privileged.value_or(false))
      errors.invalid_raw(at, codec::to_json(c),
                         "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
    if (c.capabilities)
      for (const std::string& name : c.capabilities->add)
        if (name == "CAP_SYS_ADMIN")
          errors.invalid_raw(
              at, codec::to_json(c),
              "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
  }
  check_app_armor(c.appArmorProfile, at.child("appArmorProfile"), errors);
}

void check_operating_system(const PodSpec& spec, const Path& at, FieldErrors& errors) {
  if (!spec.os) return;
  if (spec.os->name.empty()) return errors.required(at.child("os").child("name"), "");
  if (spec.os->name == "windows") return check_windows(spec, at, errors);
  if (spec.os->name != "linux")
    return errors.not_supported(at.child("os"), spec.os->name, {"linux", "windows"});
  const auto none = [&](bool set, const Path& where) {
    if (set) errors.forbidden(where.child("windowsOptions"), "windows options cannot be set for a linux pod");
  };
  none(spec.securityContext && spec.securityContext->windowsOptions, at.child("securityContext"));
  each_container(spec, at, [&](const codec::Box<SecurityContext>& c, const Path& here) {
    none(c && c->windowsOptions, here);
  });
}

}  // namespace mizzen::api
