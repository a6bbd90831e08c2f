#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/schema/core/v1/secret.h"
#include "cri/runtime.h"
#include "kubelet/images/pull_records.h"

namespace mizzen::kubelet {

/// What may be shown to a registry, and which pull secret of the pod it came from.
struct Credential {
  cri::v1::AuthConfig auth;
  PullSecret secret;
};
using Credentials = std::vector<Credential>;

/// Role: what the pull secrets of a pod say, found by image. Pure. Kubernetes contract: upstream's docker
/// keyring: secrets of type kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg; a key names
/// host[:port]
/// [/path], its host's parts may be globs, its path is a prefix; the most specific is tried first. A secret
/// whose content cannot be read is left out, and says why.
class Keyring {
 public:
  /// Errors: BadRequest, where the secret is of such a type and no document of its form. One of another type
  /// is passed over.
  Result<void> add(const api::core::v1::Secret& secret);
  /// A credential must never be shown to another registry than its own. `image` may be short: nginx is asked
  /// at docker.io.
  Credentials find(const std::string& image) const;

 private:
  std::map<std::string, Credentials, std::greater<>> by_key_;  ///< the longer of two alike comes first
};

/// True where `key` of a pull secret is meant for this image, whose registry is named.
bool key_matches(std::string_view key, std::string_view image);

}  // namespace mizzen::kubelet
