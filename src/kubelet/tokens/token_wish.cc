#include "kubelet/tokens/token_wish.h"

#include <fmt/format.h>

#include <algorithm>

#include "kubelet/decide/volume_plan.h"

namespace mizzen::kubelet {
namespace {

/// The API's default.
constexpr int64_t kLifetimeDefaultS = 3600;

bool has_token(const api::core::v1::Volume& volume) {
  const auto& projected = volume.volumeSource.projected;
  return projected && std::any_of(projected->sources.begin(), projected->sources.end(),
                                  [](const auto& s) { return s.serviceAccountToken.has_value(); });
}

}  // namespace

std::string TokenWish::text() const {
  return fmt::format(
      R"("{}"/"{}"/[]string{}/{}/v1.BoundObjectReference{{Kind:"Pod", APIVersion:"v1", Name:"{}", UID:"{}"}}/"")",
      service_account, namespace_, audience.empty() ? "(nil)" : fmt::format("{{\"{}\"}}", audience),
      lifetime_s, pod_name, pod_uid);
}

TokenWish token_wish(const Pod& pod, const api::core::v1::ServiceAccountTokenProjection& projection) {
  return {.pod_uid = pod.metadata.uid,
          .pod_name = pod.metadata.name,
          .namespace_ = pod.metadata.namespace_,
          .service_account = pod.spec.serviceAccountName,
          .audience = projection.audience,
          .lifetime_s = projection.expirationSeconds.value_or(kLifetimeDefaultS)};
}

std::set<TokenWish> token_wishes(const Pod& pod) {
  std::set<TokenWish> out;
  const auto& volumes = pod.spec.volumes;
  if (std::none_of(volumes.begin(), volumes.end(), has_token) || is_terminal(pod.status.phase)) return out;
  for (const auto& volume : desired_volumes(pod)) {
    if (!volume.volumeSource.projected) continue;
    for (const auto& source : volume.volumeSource.projected->sources)
      if (source.serviceAccountToken) out.insert(token_wish(pod, *source.serviceAccountToken));
  }
  return out;
}

}  // namespace mizzen::kubelet
