#include "admission/plugins/service_account/mountable_secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "api/kinds/core/pod/pod_containers.h"

namespace mizzen::admission {
namespace {

namespace v1 = api::core::v1;

constexpr std::string_view kEnforce = "kubernetes.io/enforce-mountable-secrets";

std::set<std::string> listed(const v1::ServiceAccount& account) {
  std::set<std::string> out;
  for (const auto& secret : account.secrets) out.insert(secret.name);
  return out;
}

/// The first secret in the environment of a container that is not among `listed`.
std::optional<std::string> unlisted_in(const v1::Container& container, std::string_view sort,
                                       const std::set<std::string>& listed, const std::string& account) {
  const auto refusal = [&](const std::string& where, const std::string& secret) {
    return fmt::format(
        "{} {} with {} referencing secret.secretName=\"{}\" is not allowed because service account {} does "
        "not "
        "reference that secret",
        sort, container.name, where, secret, account);
  };
  for (const auto& env : container.env) {
    if (!env.valueFrom || !env.valueFrom->secretKeyRef) continue;
    const std::string& secret = env.valueFrom->secretKeyRef->localObjectReference.name;
    if (!listed.contains(secret)) return refusal("envVar " + env.name, secret);
  }
  for (const auto& from : container.envFrom) {
    if (!from.secretRef) continue;
    const std::string& secret = from.secretRef->localObjectReference.name;
    if (!listed.contains(secret)) return refusal("envFrom", secret);
  }
  return std::nullopt;
}

std::string_view sort_name(api::ContainerSort sort) {
  switch (sort) {
    case api::ContainerSort::Init:
    case api::ContainerSort::Sidecar:
      return "init container";
    case api::ContainerSort::Regular:
      return "container";
    case api::ContainerSort::Ephemeral:
      break;
  }
  return "ephemeral container";
}

std::optional<std::string> unlisted_pull_secret(const v1::ServiceAccount& account, const v1::Pod& pod) {
  const auto& allowed = account.imagePullSecrets;
  for (size_t i = 0; i < pod.spec.imagePullSecrets.size(); ++i) {
    const std::string& name = pod.spec.imagePullSecrets[i].name;
    if (std::any_of(allowed.begin(), allowed.end(), [&](const auto& one) { return one.name == name; }))
      continue;
    return fmt::format(
        "imagePullSecrets[{}].name=\"{}\" is not allowed because service account {} does not reference that "
        "imagePullSecret",
        i, name, account.metadata.name);
  }
  return std::nullopt;
}

bool names_secret(const v1::VolumeSource& source) {
  const auto named = [](const auto& holder) { return holder && holder->secretRef; };
  if (source.projected)
    for (const auto& part : source.projected->sources)
      if (part.secret) return true;
  return source.secret || (source.azureFile && !source.azureFile->secretName.empty()) ||
         named(source.cephfs) || named(source.cinder) || named(source.flexVolume) || named(source.rbd) ||
         named(source.scaleIO) || named(source.iscsi) || named(source.storageos) ||
         (source.csi && source.csi->nodePublishSecretRef);
}

}  // namespace

bool limits_secrets(const v1::ServiceAccount& account) {
  const std::string* value = account.metadata.annotations.find(std::string(kEnforce));
  // What Go's ParseBool takes for true.
  static constexpr std::string_view yes[] = {"1", "t", "T", "true", "TRUE", "True"};
  return value && std::find(std::begin(yes), std::end(yes), *value) != std::end(yes);
}

std::optional<std::string> unlisted_secret(const v1::ServiceAccount& account, const v1::Pod& pod) {
  const std::set<std::string> mountable = listed(account);
  const std::string& name = account.metadata.name;
  for (const auto& volume : pod.spec.volumes) {
    const auto& secret = volume.volumeSource.secret;
    if (secret && !mountable.contains(secret->secretName))
      return fmt::format(
          "volume with secret.secretName=\"{}\" is not allowed because service account {} does not reference "
          "that secret",
          secret->secretName, name);
  }
  for (const auto& container : api::containers_of(pod.spec)) {
    if (container.sort == api::ContainerSort::Ephemeral) continue;
    if (auto why = unlisted_in(container.spec, sort_name(container.sort), mountable, name)) return why;
  }
  return unlisted_pull_secret(account, pod);
}

std::optional<std::string> unlisted_secret_of_ephemeral(const v1::ServiceAccount& account,
                                                        const v1::Pod& pod) {
  const std::set<std::string> mountable = listed(account);
  for (const auto& container : api::containers_of(pod.spec))
    if (container.sort == api::ContainerSort::Ephemeral)
      if (auto why = unlisted_in(container.spec, sort_name(container.sort), mountable, account.metadata.name))
        return why;
  return std::nullopt;
}

bool names_secrets(const v1::Pod& pod) {
  if (!pod.spec.imagePullSecrets.empty()) return true;
  for (const auto& volume : pod.spec.volumes)
    if (names_secret(volume.volumeSource)) return true;
  const std::set<std::string> none;
  for (const auto& container : api::containers_of(pod.spec))
    if (unlisted_in(container.spec, "", none, "")) return true;
  return false;
}

}  // namespace mizzen::admission
