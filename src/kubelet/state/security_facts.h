#pragma once
#include <optional>
#include <string_view>

#include "base/result.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// What was said of AppArmor before there was a field: annotation by container name. Still heard, as
/// upstream.
inline constexpr std::string_view kAppArmorAnnotationPrefix =
    "container.apparmor.security.beta.kubernetes.io/";

/// It asks for all of the node's powers.
bool is_privileged(const Container& container);
/// The profile a container runs under: its own, its annotation's, the pod's; nothing where none is named.
std::optional<api::core::v1::AppArmorProfile> app_armor_profile(const Pod& pod, const Container& container);

/// True where a mount is read-only with all that is mounted below it. An error where that was asked for and
/// cannot be had, in upstream's words.
Result<bool> is_recursively_read_only(const api::core::v1::VolumeMount& mount, bool possible);

}  // namespace mizzen::kubelet
