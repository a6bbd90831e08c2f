#include "controllers/framework/pods.h"

#include <algorithm>

#include "base/strings.h"

namespace mizzen::controllers {
namespace {

int phase_rank(const std::string& phase) {
  if (phase == "Pending") return 0;
  if (phase == "Running") return 2;
  return 1;  // Unknown and unset
}

int64_t deletion_cost(const Pod& pod) {
  const std::string* text = pod.metadata.annotations.find("controller.kubernetes.io/pod-deletion-cost");
  return text ? parse_int<int32_t>(*text).value_or(0) : 0;
}

int32_t restarts(const Pod& pod) {
  int32_t most = 0;
  for (const auto& c : pod.status.containerStatuses) most = std::max(most, c.restartCount);
  return most;
}

}  // namespace

const api::core::v1::PodCondition* find_condition(const Pod& pod, std::string_view type) {
  for (const auto& c : pod.status.conditions)
    if (c.type == type) return &c;
  return nullptr;
}

bool is_finished(const Pod& pod) { return pod.status.phase == "Succeeded" || pod.status.phase == "Failed"; }

bool is_active(const Pod& pod) { return !is_finished(pod) && !pod.metadata.deletionTimestamp; }

void mark_disrupted(Pod& pod, std::string_view reason, std::string_view message, WallTime now) {
  auto& all = pod.status.conditions;
  auto it = std::find_if(all.begin(), all.end(), [](const auto& c) { return c.type == "DisruptionTarget"; });
  if (it == all.end()) {
    all.emplace_back().type = "DisruptionTarget";
    it = all.end() - 1;
  }
  if (it->status != "True") it->lastTransitionTime = codec::Time::from(now);
  it->status = "True";
  it->reason = reason;
  it->message = message;
  it->observedGeneration = pod.metadata.generation;
}

bool is_ready(const Pod& pod) {
  const auto* c = find_condition(pod, "Ready");
  return c && c->status == "True";
}

Duration available_in(const Pod& pod, int32_t min_ready_seconds, WallTime now) {
  const auto* c = find_condition(pod, "Ready");
  if (!c || c->status != "True" || min_ready_seconds <= 0 || !c->lastTransitionTime.is_set()) return {};
  const Duration left = c->lastTransitionTime.wall() + std::chrono::seconds(min_ready_seconds) - now;
  return std::max(Duration::zero(), left);
}

bool is_available(const Pod& pod, int32_t min_ready_seconds, WallTime now) {
  if (!is_ready(pod)) return false;
  if (min_ready_seconds <= 0) return true;
  const auto* c = find_condition(pod, "Ready");
  return c->lastTransitionTime.is_set() &&
         c->lastTransitionTime.wall() + std::chrono::seconds(min_ready_seconds) <= now;
}

void rank_for_deletion(std::vector<PodPtr>& pods, const codec::Map<int32_t>& siblings, WallTime) {
  const auto less = [&](const PodPtr& a, const PodPtr& b) {
    const bool a_placed = !a->spec.nodeName.empty(), b_placed = !b->spec.nodeName.empty();
    if (a_placed != b_placed) return !a_placed;
    const int pa = phase_rank(a->status.phase), pb = phase_rank(b->status.phase);
    if (pa != pb) return pa < pb;
    const bool ra = is_ready(*a), rb = is_ready(*b);
    if (ra != rb) return !ra;
    const int64_t ca = deletion_cost(*a), cb = deletion_cost(*b);
    if (ca != cb) return ca < cb;
    const int32_t sa = siblings.get(a->spec.nodeName), sb = siblings.get(b->spec.nodeName);
    if (sa != sb) return sa > sb;
    if (ra && rb) {
      const auto since = [](const Pod& p) {
        const auto* c = find_condition(p, "Ready");
        return c->lastTransitionTime.is_set() ? c->lastTransitionTime.seconds : int64_t{0};
      };
      if (since(*a) != since(*b)) return since(*a) > since(*b);
    }
    if (restarts(*a) != restarts(*b)) return restarts(*a) > restarts(*b);
    if (a->metadata.creationTimestamp.seconds != b->metadata.creationTimestamp.seconds)
      return a->metadata.creationTimestamp.seconds > b->metadata.creationTimestamp.seconds;
    return a->metadata.name < b->metadata.name;
  };
  std::sort(pods.begin(), pods.end(), less);
}

Pod pod_from_template(const api::core::v1::PodTemplateSpec& tmpl, const std::string& owner_name,
                      const std::string& ns, const meta::v1::OwnerReference& owner) {
  Pod pod;
  pod.metadata.namespace_ = ns;
  pod.metadata.generateName = owner_name + "-";
  pod.metadata.labels = tmpl.metadata.labels;
  pod.metadata.annotations = tmpl.metadata.annotations;
  pod.metadata.finalizers = tmpl.metadata.finalizers;
  pod.metadata.ownerReferences = {owner};
  pod.spec = tmpl.spec;
  return pod;
}

meta::v1::OwnerReference controller_reference(std::string_view api_version, std::string_view kind,
                                              const meta::v1::ObjectMeta& owner) {
  meta::v1::OwnerReference out;
  out.apiVersion = api_version;
  out.kind = kind;
  out.name = owner.name;
  out.uid = owner.uid;
  out.controller = true;
  out.blockOwnerDeletion = true;
  return out;
}

}  // namespace mizzen::controllers
