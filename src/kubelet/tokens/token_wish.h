#pragma once
#include <compare>
#include <cstdint>
#include <set>
#include <string>

#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// A token that a pod wants: for which service account, for whom to read, for how long, bound to which pod.
struct TokenWish {
  std::string pod_uid;  ///< first, so that those of one pod stand together
  std::string pod_name;
  std::string namespace_;
  std::string service_account;
  std::string audience;  ///< empty: the API server's own
  int64_t lifetime_s = 0;
  friend auto operator<=>(const TokenWish&, const TokenWish&) = default;
  /// As upstream's messages and log name it; nothing of it is secret.
  std::string text() const;
};

/// Pure: what the pod wants for one projection.
TokenWish token_wish(const Pod& pod, const api::core::v1::ServiceAccountTokenProjection& projection);
/// Pure: all that the pod wants: for volumes that a container mounts, and only until the pod is over.
std::set<TokenWish> token_wishes(const Pod& pod);

}  // namespace mizzen::kubelet
