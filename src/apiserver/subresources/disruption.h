#pragma once
#include <string>

#include "api/schema/core/v1/pod.h"
#include "api/schema/policy/v1/pod_disruption_budget.h"
#include "base/result.h"

/// What disruption budgets say to an eviction. Pure.
namespace mizzen::apiserver {

/// The pod has ended, has not begun or goes already: its eviction disturbs nobody.
bool is_beyond_budgets(const api::core::v1::Pod& pod);
/// A pod that is not ready and that the budget lets go without being counted.
bool goes_uncounted(const api::core::v1::Pod& pod, const api::policy::v1::PodDisruptionBudget& budget);
bool covers(const api::policy::v1::PodDisruptionBudget& budget, const api::core::v1::Pod& pod);
/// Takes one of the disruptions that the budget allows, for `pod`. TooManyRequests or Forbidden where it
/// allows none.
Result<void> take_disruption(api::policy::v1::PodDisruptionBudget& budget, const std::string& pod,
                             const codec::Time& now);
/// The answer where the budget cannot say yet.
Error still_processed(const std::string& budget);
/// Says in the pod why it goes.
void mark_evicted(api::core::v1::Pod& pod, const codec::Time& now);

}  // namespace mizzen::apiserver
