#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/schema/apps/v1/deployment.h"
#include "api/schema/apps/v1/replica_set.h"
#include "base/clock.h"

/// What a Deployment does next, as a pure function of it and its ReplicaSets. Follows upstream step by step.
namespace mizzen::controllers::deployment {

using api::apps::v1::Deployment;
using api::apps::v1::ReplicaSet;
using ReplicaSetPtr = std::shared_ptr<const ReplicaSet>;

inline constexpr const char* kRevision = "deployment.kubernetes.io/revision";
inline constexpr const char* kRevisionHistory = "deployment.kubernetes.io/revision-history";
inline constexpr const char* kDesired = "deployment.kubernetes.io/desired-replicas";
inline constexpr const char* kMax = "deployment.kubernetes.io/max-replicas";
inline constexpr const char* kRollbackTo = "deprecated.deployment.rollback.to";
inline constexpr const char* kHashLabel = "pod-template-hash";
inline constexpr const char* kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/// A deployment and what belongs to it.
struct Observed {
  const Deployment* deployment = nullptr;
  std::vector<ReplicaSetPtr> sets;  ///< controlled by it
  bool old_pods_running = false;    ///< pods of other than the new set that are not finished (for Recreate)
  WallTime now;
};

/// One change of one set's size.
struct Scale {
  ReplicaSetPtr set;
  int32_t replicas = 0;
};

/// What to write; carried out in this order.
struct Plan {
  std::optional<ReplicaSet> create;  ///< the new set
  std::optional<ReplicaSet> update;  ///< the new set with refreshed annotations
  std::optional<Deployment>
      rollback;                ///< the deployment with an older template, from the old versions' rollbackTo
  std::string rollback_event;  ///< reason and message: "DeploymentRollback: ..."
  std::vector<Scale> scale;
  std::vector<ReplicaSetPtr> remove;  ///< history beyond its limit
  std::optional<Deployment> status;   ///< with the new status and revision annotation; nothing where equal
  Duration again{};  ///< look again after this (progress deadline); zero: when something changes
};
Plan decide(const Observed& observed);

/// The set whose template equals the deployment's, oldest first; null where none.
ReplicaSetPtr find_new_set(const Deployment& deployment, const std::vector<ReplicaSetPtr>& sets);
/// The label value for a template: safe characters, depends on the template and the collision count only.
std::string template_hash(const api::core::v1::PodTemplateSpec& tmpl,
                          const std::optional<int32_t>& collisions);
/// maxSurge and maxUnavailable as numbers.
struct Fenceposts {
  int32_t surge = 0, unavailable = 0;
};
Fenceposts fenceposts(const Deployment& deployment);
int64_t revision_of(const meta::v1::ObjectMeta& meta);
/// Annotations of a set after a scale.
void set_size_annotations(ReplicaSet& set, const Deployment& deployment);

}  // namespace mizzen::controllers::deployment
