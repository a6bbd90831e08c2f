#pragma once
#include <string>

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service_account.h"

namespace mizzen::admission {

/// Where programs look for the token of their account.
inline constexpr const char* kTokenMountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
/// What the names of volumes with tokens begin with.
inline constexpr const char* kTokenVolumePrefix = "kube-api-access-";

/// Whether the pod gets a token by itself: it says, else its account, else yes.
bool wants_token(const api::core::v1::ServiceAccount& account, const api::core::v1::Pod& pod);

/// Gives each container a mount of the account's token, the root certificate and the namespace, where it has
/// none at kTokenMountPath, and the pod the volume. One that the pod has already, by its prefix, is used.
/// `name`: of a new volume. Pure.
void mount_token(api::core::v1::Pod& pod, const std::string& name);

}  // namespace mizzen::admission
