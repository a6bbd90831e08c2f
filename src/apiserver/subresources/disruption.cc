#include "apiserver/subresources/disruption.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Pod;
using api::policy::v1::PodDisruptionBudget;
using meta::v1::Condition;

constexpr size_t kDisruptedPodsMax = 2000;
constexpr int32_t kRetryAfterSeconds = 10;
constexpr std::string_view kAllowed = "DisruptionAllowed";

Error too_many(const std::string& why, int32_t retry_after_seconds) {
  ErrorDetails details;
  details.causes.push_back({"DisruptionBudget", why, ""});
  details.retry_after_seconds = retry_after_seconds;
  return Error(Code::TooManyRequests, "Cannot evict pod as it would violate the pod's disruption budget.",
               std::move(details));
}

Error refused(const PodDisruptionBudget& budget, std::string_view why) {
  ErrorDetails details;
  details.name = budget.metadata.name;
  details.group = "policy";
  details.kind = "poddisruptionbudget";
  return Error(
      Code::Forbidden,
      fmt::format("poddisruptionbudget.policy {} is forbidden: {}", quote(budget.metadata.name), why),
      std::move(details));
}

/// Why the budget allows no disruption.
std::string why_none(const PodDisruptionBudget& b) {
  const auto& conditions = b.status.conditions;
  const auto it = std::find_if(conditions.begin(), conditions.end(),
                               [](const Condition& c) { return c.type == kAllowed; });
  const Condition* told =
      it != conditions.end() && it->status == "False" && !it->message.empty() ? &*it : nullptr;
  const std::string& name = b.metadata.name;
  if (told && told->reason == "SyncFailed")
    return fmt::format(
        "The disruption budget {} does not allow evicting pods currently because it failed sync: {}", name,
        told->message);
  if (b.status.currentHealthy <= b.status.desiredHealthy)
    return fmt::format("The disruption budget {} needs {} healthy pods and has {} currently", name,
                       b.status.desiredHealthy, b.status.currentHealthy);
  if (told)
    return fmt::format("The disruption budget {} does not allow evicting pods currently ({}): {}", name,
                       told->reason, told->message);
  return fmt::format("The disruption budget {} does not allow evicting pods currently", name);
}

void tell_exhausted(PodDisruptionBudget& b, const codec::Time& now) {
  auto& conditions = b.status.conditions;
  auto it = std::find_if(conditions.begin(), conditions.end(),
                         [](const Condition& c) { return c.type == kAllowed; });
  if (it == conditions.end()) it = conditions.insert(conditions.end(), Condition());
  if (it->status != "False") it->lastTransitionTime = now;
  it->type = kAllowed;
  it->status = "False";
  it->reason = "InsufficientPods";
  it->message.clear();
  it->observedGeneration = b.status.observedGeneration;
}

bool is_ready(const Pod& pod) {
  return std::any_of(pod.status.conditions.begin(), pod.status.conditions.end(),
                     [](const auto& c) { return c.type == "Ready" && c.status == "True"; });
}

}  // namespace

bool is_beyond_budgets(const Pod& pod) {
  const std::string& phase = pod.status.phase;
  return phase == "Succeeded" || phase == "Failed" || phase == "Pending" || pod.metadata.deletionTimestamp;
}

bool goes_uncounted(const Pod& pod, const PodDisruptionBudget& budget) {
  if (is_ready(pod)) return false;
  if (budget.spec.unhealthyPodEvictionPolicy.value_or("") == "AlwaysAllow") return true;
  const auto& s = budget.status;
  return s.currentHealthy >= s.desiredHealthy && s.desiredHealthy > 0;
}

bool covers(const PodDisruptionBudget& budget, const Pod& pod) {
  if (budget.metadata.namespace_ != pod.metadata.namespace_ || !budget.spec.selector) return false;
  const auto selector = machinery::LabelSelector::from(*budget.spec.selector);
  return selector.ok() && selector->matches(pod.metadata.labels);
}

Error still_processed(const std::string& budget) {
  return too_many(fmt::format("The disruption budget {} is still being processed by the server.", budget),
                  kRetryAfterSeconds);
}

Result<void> take_disruption(PodDisruptionBudget& b, const std::string& pod, const codec::Time& now) {
  auto& s = b.status;
  if (s.observedGeneration < b.metadata.generation) return still_processed(b.metadata.name);
  if (s.disruptionsAllowed < 0) return refused(b, "pdb disruptions allowed is negative");
  if (s.disruptedPods.size() > kDisruptedPodsMax)
    return refused(b, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  if (s.disruptionsAllowed == 0) return too_many(why_none(b), 0);
  if (--s.disruptionsAllowed == 0) tell_exhausted(b, now);
  s.disruptedPods.set(pod, now);
  return {};
}

void mark_evicted(Pod& pod, const codec::Time& now) {
  auto& conditions = pod.status.conditions;
  auto it = std::find_if(conditions.begin(), conditions.end(),
                         [](const auto& c) { return c.type == "DisruptionTarget"; });
  if (it == conditions.end()) it = conditions.emplace(conditions.end());
  api::core::v1::PodCondition condition;
  condition.type = "DisruptionTarget";
  condition.status = "True";
  condition.reason = "EvictionByEvictionAPI";
  condition.message = "Eviction API: evicting";
  condition.lastTransitionTime = it->status == "True" ? it->lastTransitionTime : now;
  *it = std::move(condition);
}

}  // namespace mizzen::apiserver
