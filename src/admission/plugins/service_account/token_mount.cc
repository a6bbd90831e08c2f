#include "admission/plugins/service_account/token_mount.h"

#include <algorithm>

namespace mizzen::admission {
namespace {

namespace v1 = api::core::v1;

/// Seven seconds more than an hour: the number by which the API server knows a token that nobody chose the
/// life of.
constexpr int64_t kExpirationSeconds = 3607;
constexpr int32_t kMode = 0644;

v1::Volume token_volume(const std::string& name) {
  v1::Volume out;
  out.name = name;
  auto& projected = out.volumeSource.projected.ensure();
  projected.defaultMode = kMode;
  auto& token = projected.sources.emplace_back().serviceAccountToken.ensure();
  token.expirationSeconds = kExpirationSeconds;
  token.path = "token";
  auto& authority = projected.sources.emplace_back().configMap.ensure();
  authority.localObjectReference.name = "kube-root-ca.crt";
  auto& key = authority.items.emplace_back();
  key.key = "ca.crt";
  key.path = "ca.crt";
  auto& file = projected.sources.emplace_back().downwardAPI.ensure().items.emplace_back();
  file.path = "namespace";
  auto& field = file.fieldRef.ensure();
  field.apiVersion = "v1";
  field.fieldPath = "metadata.namespace";
  return out;
}

/// True where one was added.
bool add_mounts(std::vector<v1::Container>& containers, const std::string& volume) {
  bool added = false;
  for (v1::Container& container : containers) {
    auto& mounts = container.volumeMounts;
    if (std::any_of(mounts.begin(), mounts.end(),
                    [](const auto& m) { return m.mountPath == kTokenMountPath; }))
      continue;
    auto& mount = mounts.emplace_back();
    mount.name = volume;
    mount.readOnly = true;
    mount.mountPath = kTokenMountPath;
    added = true;
  }
  return added;
}

}  // namespace

bool wants_token(const v1::ServiceAccount& account, const v1::Pod& pod) {
  if (pod.spec.automountServiceAccountToken) return *pod.spec.automountServiceAccountToken;
  return account.automountServiceAccountToken.value_or(true);
}

void mount_token(v1::Pod& pod, const std::string& name) {
  auto& volumes = pod.spec.volumes;
  const auto present = std::find_if(volumes.begin(), volumes.end(), [](const v1::Volume& volume) {
    return volume.name.starts_with(kTokenVolumePrefix);
  });
  const std::string volume = present == volumes.end() ? name : present->name;
  bool added = add_mounts(pod.spec.initContainers, volume);
  added |= add_mounts(pod.spec.containers, volume);
  if (added && present == volumes.end()) volumes.push_back(token_volume(name));
}

}  // namespace mizzen::admission
