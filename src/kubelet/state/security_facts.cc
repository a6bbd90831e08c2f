#include "kubelet/state/security_facts.h"

#include <fmt/format.h>

namespace mizzen::kubelet {

bool is_privileged(const Container& c) {
  return c.securityContext && c.securityContext->privileged.value_or(false);
}

std::optional<api::core::v1::AppArmorProfile> app_armor_profile(const Pod& pod, const Container& c) {
  if (c.securityContext && c.securityContext->appArmorProfile) return *c.securityContext->appArmorProfile;
  if (const auto* text = pod.metadata.annotations.find(std::string(kAppArmorAnnotationPrefix) + c.name)) {
    constexpr std::string_view kLocal = "localhost/";
    api::core::v1::AppArmorProfile out;
    if (*text == "runtime/default") {
      out.type = "RuntimeDefault";
    } else if (*text == "unconfined") {
      out.type = "Unconfined";
    } else if (text->starts_with(kLocal)) {
      out.type = "Localhost";
      out.localhostProfile = text->substr(kLocal.size());
    }
    if (!out.type.empty()) return out;
  }
  if (pod.spec.securityContext && pod.spec.securityContext->appArmorProfile)
    return *pod.spec.securityContext->appArmorProfile;
  return std::nullopt;
}

Result<bool> is_recursively_read_only(const api::core::v1::VolumeMount& mount, bool possible) {
  const auto mode = mount.recursiveReadOnly.value_or("Disabled");
  if (mode == "Disabled") return false;
  const auto refuse = [&](const std::string& why) {
    return Error(Code::BadRequest,
                 fmt::format("volume \"{}\" requested recursive read-only mode, but {}", mount.name, why));
  };
  if (!mount.readOnly) return refuse("it is not read-only");
  const auto propagation = mount.mountPropagation.value_or("None");
  if (propagation != "None")
    return refuse(fmt::format("it is not compatible with propagation \"{}\"", propagation));
  if (mode == "IfPossible") return possible;
  if (!possible) return refuse("it is not supported by the runtime");
  return true;
}

}  // namespace mizzen::kubelet
