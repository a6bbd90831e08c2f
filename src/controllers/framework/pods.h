#pragma once
#include <memory>
#include <string>
#include <vector>

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/pod_template_spec.h"
#include "machinery/object/object.h"

/// What every controller of pods needs to know of them; pure.
namespace mizzen::controllers {

using api::core::v1::Pod;
using PodPtr = std::shared_ptr<const Pod>;

/// Neither finished nor terminating.
bool is_active(const Pod& pod);
bool is_ready(const Pod& pod);
/// Ready for at least `min_ready_seconds`.
bool is_available(const Pod& pod, int32_t min_ready_seconds, WallTime now);
/// When a ready pod becomes available; nothing where it is or is not ready.
Duration available_in(const Pod& pod, int32_t min_ready_seconds, WallTime now);
const api::core::v1::PodCondition* find_condition(const Pod& pod, std::string_view type);
/// Succeeded or Failed.
bool is_finished(const Pod& pod);
/// The pod says that it goes because of the cluster, not because of itself: DisruptionTarget, with a reason
/// of upstream's.
void mark_disrupted(Pod& pod, std::string_view reason, std::string_view message, WallTime now);

/// The order in which surplus pods go, first to go first: unscheduled before scheduled, pending before
/// running, not ready before ready, lower deletion cost, more siblings on its node, ready for less long, more
/// restarts, younger. `siblings` counts the active pods on each node.
void rank_for_deletion(std::vector<PodPtr>& pods, const codec::Map<int32_t>& siblings, WallTime now);

/// A new pod of a template, owned by `owner`: generateName, labels, annotations, finalizers, spec.
Pod pod_from_template(const api::core::v1::PodTemplateSpec& tmpl, const std::string& owner_name,
                      const std::string& namespace_, const meta::v1::OwnerReference& owner);
/// The controller reference to an object of this kind.
meta::v1::OwnerReference controller_reference(std::string_view api_version, std::string_view kind,
                                              const meta::v1::ObjectMeta& owner);

}  // namespace mizzen::controllers
