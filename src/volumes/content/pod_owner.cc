#include "volumes/content/pod_owner.h"

#include "api/kinds/core/pod/pod_containers.h"

namespace mizzen::volumes {

std::optional<int64_t> fs_group(const api::core::v1::Pod& pod) {
  return pod.spec.securityContext ? pod.spec.securityContext->fsGroup : std::optional<int64_t>();
}

std::optional<int64_t> fs_user(const api::core::v1::Pod& pod) {
  const std::optional<int64_t> of_pod =
      pod.spec.securityContext ? pod.spec.securityContext->runAsUser : std::optional<int64_t>();
  std::optional<int64_t> out;
  for (const auto& c : api::containers_of(pod.spec)) {
    const bool says = c.spec.securityContext && c.spec.securityContext->runAsUser;
    const std::optional<int64_t> user = says ? c.spec.securityContext->runAsUser : of_pod;
    if (!user || (out && *out != *user)) return std::nullopt;
    out = user;
  }
  return out;
}

}  // namespace mizzen::volumes
