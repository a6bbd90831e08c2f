#include "scheduler/decide/claim_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "machinery/object/object.h"
#include "placement/node_affinity.h"

namespace mizzen::scheduler {
namespace {

using api::core::v1::PersistentVolume;
using api::core::v1::PersistentVolumeClaim;
using api::core::v1::PodResourceClaim;
using api::resource::v1::ResourceClaim;
using api::storage::v1::StorageClass;

std::string in_namespace(const PodInfo& pod, const std::string& name) {
  return pod.pod->metadata.namespace_ + "/" + name;
}

/// Some other pod on a node has the claim.
bool is_used(const ClusterState& state, const PodInfo& pod, const std::string& claim) {
  const std::string key = in_namespace(pod, claim);
  const auto uses = [&](const PodLoad& other) {
    const auto& claims = other.volume_claims;
    return other.uid != pod.uid() && std::find(claims.begin(), claims.end(), key) != claims.end();
  };
  for (const NodeState* node : state.nodes())
    for (const auto& [uid, other] : node->pods)
      if (uses(*other)) return true;
  return false;
}

bool is_bound(const PersistentVolumeClaim& claim) {
  return !claim.spec.volumeName.empty() &&
         claim.metadata.annotations.contains("pv.kubernetes.io/bind-completed");
}

/// Its class leaves the binding to the scheduler.
bool waits_for_consumer(const PersistentVolumeClaim& claim, const Claims& claims) {
  const std::string* annotated = claim.metadata.annotations.find("volume.beta.kubernetes.io/storage-class");
  const std::string name = annotated ? *annotated : claim.spec.storageClassName.value_or("");
  const auto* found = Claims::find(claims.classes, name);
  return found && found->volumeBindingMode.value_or("") == "WaitForFirstConsumer";
}

/// Why the claim of a volume keeps its pod from every node; empty where it does not.
std::string why_not(const PodInfo& pod, const std::string& name, bool own, const Claims& claims) {
  const std::string quoted = quote(name);
  const auto* claim = Claims::find(claims.volume_claims, in_namespace(pod, name));
  if (!claim && own)
    return "waiting for ephemeral volume controller to create the persistentvolumeclaim " + quoted;
  if (!claim) return fmt::format("persistentvolumeclaim {} not found", quoted);
  if (claim->status.phase == "Lost")
    return fmt::format("persistentvolumeclaim {} bound to non-existent persistentvolume {}", quoted,
                       quote(claim->spec.volumeName));
  if (claim->metadata.deletionTimestamp)
    return fmt::format("persistentvolumeclaim {} is being deleted", quoted);
  if (own) {
    const auto* owner = machinery::controller_of(claim->metadata);
    if (!owner || owner->uid != pod.uid())
      return fmt::format("PVC {} was not created for pod {} (pod is not owner)", in_namespace(pod, name),
                         pod.key);
  }
  if (!is_bound(*claim)) {
    if (claim->spec.volumeName.empty() && waits_for_consumer(*claim, claims))
      return fmt::format(
          "persistentvolumeclaim {} waits for its first consumer, and this scheduler binds no volumes",
          quoted);
    return "pod has unbound immediate PersistentVolumeClaims";
  }
  if (!Claims::find(claims.volumes, claim->spec.volumeName))
    return fmt::format("persistentvolume {} not found", quote(claim->spec.volumeName));
  return "";
}

void look_at_volume(const PodInfo& pod, const api::core::v1::Volume& volume, const ClusterState& state,
                    ClaimCheck& out) {
  const auto& source = volume.volumeSource;
  const bool own = source.ephemeral.has_value();
  if (!own && !source.persistentVolumeClaim) return;
  const std::string name =
      own ? pod.pod->metadata.name + "-" + volume.name : source.persistentVolumeClaim->claimName;
  out.never = why_not(pod, name, own, state.claims);
  if (!out.never.empty()) return;
  const auto& claim = *Claims::find(state.claims.volume_claims, in_namespace(pod, name));
  const auto& bound = *Claims::find(state.claims.volumes, claim.spec.volumeName);
  if (bound.spec.nodeAffinity && bound.spec.nodeAffinity->required)
    out.volumes.push_back(bound.spec.nodeAffinity->required.get());
  const auto& modes = claim.spec.accessModes;
  if (std::find(modes.begin(), modes.end(), "ReadWriteOncePod") != modes.end())
    out.in_use = out.in_use || is_used(state, pod, name);
}

/// The claim's name; empty where it is still to be made from its template.
std::string name_of(const PodInfo& pod, const PodResourceClaim& claim) {
  if (claim.resourceClaimName) return *claim.resourceClaimName;
  for (const auto& status : pod.pod->status.resourceClaimStatuses)
    if (status.name == claim.name) return status.resourceClaimName.value_or("");
  return "";
}

void look_at_devices(const PodInfo& pod, const PodResourceClaim& wanted, const Claims& claims,
                     ClaimCheck& out) {
  const std::string name = name_of(pod, wanted);
  if (name.empty()) {
    out.never = fmt::format("pod {}: ResourceClaim not created yet", quote(pod.key));
    return;
  }
  const std::string quoted = quote(name);
  const ResourceClaim* claim = Claims::find(claims.resource_claims, in_namespace(pod, name));
  if (!claim) {
    out.never = fmt::format("resourceclaim.resource.k8s.io {} not found", quoted);
    return;
  }
  if (claim->metadata.deletionTimestamp) {
    out.never = fmt::format("resourceclaim {} is being deleted", quoted);
    return;
  }
  const auto& reserved = claim->status.reservedFor;
  const bool ours =
      std::any_of(reserved.begin(), reserved.end(), [&](const auto& r) { return r.uid == pod.uid(); });
  if (!claim->status.allocation || !ours) {
    out.never = fmt::format(
        "resourceclaim {} is not allocated to the pod, and this scheduler allocates no devices", quoted);
    return;
  }
  if (claim->status.allocation->nodeSelector)
    out.devices.push_back(claim->status.allocation->nodeSelector.get());
}

}  // namespace

ClaimCheck check_claims(const PodInfo& pod, const ClusterState& state) {
  ClaimCheck out;
  for (const auto& volume : pod.pod->spec.volumes) {
    look_at_volume(pod, volume, state, out);
    if (!out.never.empty()) return out;
  }
  for (const PodResourceClaim& claim : pod.pod->spec.resourceClaims) {
    look_at_devices(pod, claim, state.claims, out);
    if (!out.never.empty()) return out;
  }
  return out;
}

std::optional<Rejection> check_claims_on(const ClaimCheck& check, const NodeState& node) {
  // Whoever uses it may go.
  if (check.in_use)
    return Rejection{
        {"node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already "
         "in-use by another pod"},
        false};
  const auto all = [&](const std::vector<const api::core::v1::NodeSelector*>& selectors) {
    return std::all_of(selectors.begin(), selectors.end(),
                       [&](const auto* selector) { return placement::selects(*selector, *node.node); });
  };
  if (!all(check.volumes)) return Rejection{{"node(s) didn't match PersistentVolume's node affinity"}};
  if (!all(check.devices)) return Rejection{{"resourceclaim not available on the node"}};
  return std::nullopt;
}

}  // namespace mizzen::scheduler
